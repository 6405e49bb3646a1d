import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ContainerLimits, readLimits } from './limits.ts';

const GIB = 1024 ** 3;
const NONE: ContainerLimits = { cpuCores: undefined, memoryBytes: undefined };

type Files = Readonly<Record<string, string>>;

/** Files below /sys/fs/cgroup, and what /proc/self/cgroup says. */
const kernel = (self: string, files: Files): Files => ({
  '/proc/self/cgroup': self,
  ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`/sys/fs/cgroup/${path}`, text])),
});

const POD = 'kubepods.slice/pod1.slice';

const cases: ReadonlyArray<readonly [does: string, files: Files, expected: ContainerLimits]> = [
  ['finds none where there are no control groups', {}, NONE],
  ['finds none where the files are empty', kernel('', { 'cpu.max': '', 'memory.max': '' }), NONE],
  [
    'reads version 2 in a container, where its own group is the root',
    kernel('0::/\n', { 'cpu.max': '200000 100000\n', 'memory.max': '1073741824\n' }),
    { cpuCores: 2, memoryBytes: GIB },
  ],
  ['takes "max" for no limit', kernel('0::/\n', { 'cpu.max': 'max 100000\n', 'memory.max': 'max\n' }), NONE],
  [
    'keeps parts of a core',
    kernel('0::/\n', { 'cpu.max': '25000 100000\n' }),
    { cpuCores: 0.25, memoryBytes: undefined },
  ],
  [
    'reads its own group',
    kernel(`0::/${POD}/a.scope\n`, {
      [`${POD}/a.scope/cpu.max`]: '150000 100000\n',
      [`${POD}/a.scope/memory.max`]: '536870912\n',
    }),
    { cpuCores: 1.5, memoryBytes: GIB / 2 },
  ],
  [
    'takes the least of its own group and those above',
    kernel(`0::/${POD}/a.scope\n`, {
      [`${POD}/a.scope/cpu.max`]: 'max 100000\n',
      [`${POD}/a.scope/memory.max`]: '2147483648\n',
      [`${POD}/cpu.max`]: '100000 100000\n',
      [`${POD}/memory.max`]: '1073741824\n',
      'kubepods.slice/cpu.max': '400000 100000\n',
      'kubepods.slice/memory.max': '8589934592\n',
    }),
    { cpuCores: 1, memoryBytes: GIB },
  ],
  [
    'finds its way where the path begins above what it may see',
    kernel('0::/../../a.scope\n', { 'a.scope/cpu.max': '50000 100000\n', 'memory.max': '1073741824\n' }),
    { cpuCores: 0.5, memoryBytes: GIB },
  ],
  [
    'reads version 1',
    kernel('9:memory:/docker/a\n4:cpu,cpuacct:/docker/a\n1:name=systemd:/docker/a\n', {
      'cpu/docker/a/cpu.cfs_quota_us': '50000\n',
      'cpu/docker/a/cpu.cfs_period_us': '100000\n',
      'memory/docker/a/memory.limit_in_bytes': '1073741824\n',
    }),
    { cpuCores: 0.5, memoryBytes: GIB },
  ],
  [
    'reads version 1 in a container, where the path leads nowhere and its own group is the root',
    kernel('9:memory:/kubepods/pod1/a\n4:cpuacct,cpu:/kubepods/pod1/a\n', {
      'cpu/cpu.cfs_quota_us': '100000\n',
      'cpu/cpu.cfs_period_us': '100000\n',
      'memory/memory.limit_in_bytes': '1073741824\n',
    }),
    { cpuCores: 1, memoryBytes: GIB },
  ],
  [
    'takes what version 1 writes for no limit for none',
    kernel('9:memory:/\n4:cpu:/\n', {
      'cpu/cpu.cfs_quota_us': '-1\n',
      'cpu/cpu.cfs_period_us': '100000\n',
      'memory/memory.limit_in_bytes': '9223372036854771712\n',
    }),
    NONE,
  ],
  [
    'takes each from the version that has it, where both are mounted',
    kernel('9:memory:/a\n0::/a\n', {
      'a/cpu.max': '300000 100000\n',
      'memory/a/memory.limit_in_bytes': '1073741824\n',
    }),
    { cpuCores: 3, memoryBytes: GIB },
  ],
  [
    'takes the least where both versions limit',
    kernel('9:memory:/\n4:cpu:/\n0::/\n', {
      'cpu.max': '300000 100000\n',
      'cpu/cpu.cfs_quota_us': '200000\n',
      'cpu/cpu.cfs_period_us': '100000\n',
      'memory.max': '1073741824\n',
      'memory/memory.limit_in_bytes': '2147483648\n',
    }),
    { cpuCores: 2, memoryBytes: GIB },
  ],
  [
    'reads a path with colons',
    kernel('0::/system.slice/a:b.scope\n', { 'system.slice/a:b.scope/memory.max': '1073741824\n' }),
    { cpuCores: undefined, memoryBytes: GIB },
  ],
  ['takes what is no number for no limit', kernel('0::/\n', { 'cpu.max': '?', 'memory.max': 'much\n' }), NONE],
];

for (const [does, files, expected] of cases) {
  test(`readLimits ${does}`, () =>
    assert.deepEqual(
      readLimits((path) => files[path]),
      expected,
    ));
}

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { down, runningCluster, up, type Wanted } from './boot.ts';
import { killPods } from './machine.ts';
import { PATHS } from './paths.ts';
import { killByCommand } from './processes.ts';

const ONE: Wanted = { minor: '1.37', nodes: 1, hpaTimings: 'quick' };

test('down leaves the machine as it was before up, though everything was killed in between', async (t) => {
  await down(() => {});
  const before = readMachine();
  await up(ONE, (line) => t.diagnostic(line));
  assert.notDeepEqual(readMachine(), before);

  // As when a machine's job is ended from outside: nothing has a chance to clean up.
  killByCommand(PATHS.binaries);
  killPods();
  assert.equal(runningCluster(), undefined);
  await up({ ...ONE, nodes: 2 }, (line) => t.diagnostic(line));
  assert.deepEqual(runningCluster()?.wanted.nodes, 2);

  await down(() => {});
  assert.deepEqual(readMachine(), before);
});

/** What a cluster could leave behind. */
function readMachine(): Readonly<Record<string, unknown>> {
  const lines = (command: string, ...args: string[]) =>
    execFileSync(command, args, { encoding: 'utf8' }).split('\n').filter(Boolean).sort();
  const cgroups = readdirSync('/sys/fs/cgroup', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return {
    processes: lines('ps', '-eo', 'args').filter((line) => line.includes(PATHS.cache) && !line.includes('/node ')),
    mounts: readFileSync('/proc/mounts', 'utf8').split('\n').sort(),
    links: lines('ip', '-br', 'link').map((line) => line.split(' ')[0]),
    routes: lines('ip', 'route'),
    // Tables without a chain mean nothing.
    rules: lines('nft', 'list', 'ruleset').filter((line) => !/^table |^}$/.test(line)),
    sysctls: ['net.ipv4.ip_forward', 'vm.overcommit_memory', 'kernel.panic', 'fs.inotify.max_user_instances'].map(
      (name) => readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8'),
    ),
    cgroups: cgroups.flatMap(({ name }) =>
      ['', ...readdirSync(join('/sys/fs/cgroup', name))].map((file) => join(name, file)),
    ),
    folders: [
      '/run/containerd',
      '/var/lib/kubelet',
      '/var/lib/cni',
      '/etc/cni',
      '/var/log/containers',
      PATHS.state,
    ].filter((path) => existsSync(path)),
  };
}

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTROL, type Node, PATHS } from './paths.ts';

// What the cluster changes of the machine itself, and how each is undone. Its links and control groups begin with berth.

const BRIDGE = 'berth0';
const CGROUPS = '/sys/fs/cgroup';
const savedSysctls = join(PATHS.state, 'sysctl.json');

/** Settings of the kernel that the cluster needs, and those that the kubelet changes by itself. */
const SYSCTLS: Readonly<Record<string, string | undefined>> = {
  'net.ipv4.ip_forward': '1',
  'fs.inotify.max_user_instances': '1024',
  'net.ipv4.conf.all.route_localnet': undefined,
  'vm.overcommit_memory': undefined,
  'kernel.panic': undefined,
  'kernel.panic_on_oops': undefined,
};

/** Debian packages by the command that shows that they are there. */
const PACKAGES: Readonly<Record<string, string>> = {
  conntrack: 'conntrack',
  ethtool: 'ethtool',
  ip: 'iproute2',
  nft: 'nftables',
  openssl: 'openssl',
  runc: 'runc',
  socat: 'socat',
};

/** @throws Error when this is no place for a cluster, naming what is missing */
export function prepareMachine(): void {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new Error('booting Kubernetes without Docker needs Linux and root');
  }
  const missing = Object.entries(PACKAGES).filter(([command]) => !isThere(command));
  if (missing.length === 0) return;
  if (!isThere('apt-get')) throw new Error(`needs the commands ${missing.map(([command]) => command).join(', ')}`);
  run('apt-get', 'update', '-qq');
  run('apt-get', 'install', '-qq', '--no-install-recommends', ...missing.map(([, name]) => name));
}

export function setUpMachine(): void {
  const present = Object.keys(SYSCTLS).map((name) => [name, readFileSync(sysctlPath(name), 'utf8').trim()]);
  mkdirSync(PATHS.state, { recursive: true });
  if (!existsSync(savedSysctls)) writeFileSync(savedSysctls, JSON.stringify(Object.fromEntries(present)));
  for (const [name, value] of Object.entries(SYSCTLS)) if (value !== undefined) writeFileSync(sysctlPath(name), value);

  run('ip', 'link', 'add', BRIDGE, 'type', 'bridge');
  run('ip', 'addr', 'add', `${CONTROL.address}/24`, 'dev', BRIDGE);
  run('ip', 'link', 'set', BRIDGE, 'up');
}

/** The group of a node's pods, and the network of one that is not in the machine's own. */
export function setUpNode({ index, name, address, pods, network }: Node): void {
  for (const hierarchy of hierarchies()) mkdirSync(join(hierarchy, name), { recursive: true });
  // Version 1 starts a new group without processors and memory nodes, and then nothing may run in it.
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const parent = join(CGROUPS, 'cpuset', file);
    if (existsSync(parent)) writeFileSync(join(CGROUPS, 'cpuset', name, file), readFileSync(parent));
  }
  if (network === undefined) return;
  // Not `ip netns`: what it mounts over /run/netns and /sys hides networks of pods and control groups.
  writeFileSync(network, '');
  run('unshare', `--net=${network}`, 'true');
  const [outside, inside] = [`berth-node${index}`, `berth-peer${index}`];
  run('ip', 'link', 'add', outside, 'type', 'veth', 'peer', 'name', inside);
  run('ip', 'link', 'set', outside, 'master', BRIDGE, 'up');
  run('ip', 'link', 'set', inside, 'netns', network, 'name', 'eth0');
  const within = (...command: string[]) => run('nsenter', `--net=${network}`, '--', ...command);
  within('ip', 'link', 'set', 'lo', 'up');
  within('ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0');
  within('ip', 'link', 'set', 'eth0', 'up');
  within('ip', 'route', 'add', 'default', 'via', CONTROL.address);
  within('sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward');
  // For the first node, and through it for every other.
  run('ip', 'route', 'add', pods, 'via', address, 'dev', BRIDGE);
}

/** Ends every process of every pod. */
export function killPods(): void {
  for (const hierarchy of hierarchies()) {
    for (const group of nodeGroups(hierarchy)) {
      for (const pid of processesOf(group)) spawnSync('kill', ['-9', pid]);
    }
  }
}

/** Takes back everything that is left on the machine, of this cluster or of one that was killed. */
export function cleanMachine(): void {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((target) => target.startsWith(`${PATHS.state}/`));
  // The deepest first; with its last mount a node's network goes, and its end of the link.
  for (const target of mounts.sort().reverse()) spawnSync('umount', ['-l', target]);
  for (const family of ['ip', 'ip6']) spawnSync('nft', ['delete', 'table', family, 'kube-proxy']);
  removeKubeletRules();
  const links = spawnSync('ip', ['-br', 'link'], { encoding: 'utf8' }).stdout ?? '';
  const ours = links.match(/^berth[\w-]+/gm) ?? [];
  for (const link of ours) spawnSync('ip', ['link', 'del', link]);
  if (existsSync(savedSysctls)) {
    const saved = JSON.parse(readFileSync(savedSysctls, 'utf8')) as Readonly<Record<string, string>>;
    for (const [name, value] of Object.entries(saved)) writeFileSync(sysctlPath(name), value);
  }
  for (const hierarchy of hierarchies()) {
    for (const group of nodeGroups(hierarchy)) {
      // A process in it may still be on its way out; the next `down` or `up` takes the group.
      attempt(() => rmdirSync(group));
    }
  }
  for (const path of ['/var/log/containers', '/var/lib/kubelet/device-plugins', '/var/lib/cni/results']) {
    rmSync(path, { recursive: true, force: true });
  }
  for (const path of ['/run/containerd/s', '/run/containerd/fifo', '/etc/cni/net.d/cni.lock']) {
    rmSync(path, { recursive: true, force: true });
  }
  for (const path of ['/etc/cni/net.d', '/etc/cni', '/var/lib/kubelet', '/var/lib/cni', '/run/containerd']) {
    // Only when empty: others may use them.
    spawnSync('rmdir', [path]);
  }
  rmSync(PATHS.state, { recursive: true, force: true });
}

/** Where iptables is installed the kubelet adds rules of its own. */
function removeKubeletRules(): void {
  for (const command of ['iptables', 'ip6tables'].filter(isThere)) {
    for (const chain of ['INPUT', 'OUTPUT']) spawnSync(command, ['-D', chain, '-j', 'KUBE-FIREWALL']);
    for (const table of ['filter', 'mangle', 'nat']) {
      for (const chain of ['KUBE-FIREWALL', 'KUBE-KUBELET-CANARY', 'KUBE-IPTABLES-HINT']) {
        spawnSync(command, ['-t', table, '-F', chain]);
        spawnSync(command, ['-t', table, '-X', chain]);
      }
    }
  }
}

/** The roots of the control group hierarchies: one in version 2, one for each controller in version 1. */
function hierarchies(): readonly string[] {
  if (existsSync(join(CGROUPS, 'cgroup.controllers'))) return [CGROUPS];
  return readdirSync(CGROUPS).map((name) => join(CGROUPS, name));
}

/** The groups of every node in a hierarchy, the lowest first. */
function nodeGroups(hierarchy: string): readonly string[] {
  const nodes = readdirSync(hierarchy).filter((name) => /^berth-\d+$/.test(name));
  return nodes.flatMap((name) => groupsBelow(join(hierarchy, name)));
}

/** A group that goes away meanwhile has none. */
function processesOf(group: string): readonly string[] {
  return (attempt(() => readFileSync(join(group, 'cgroup.procs'), 'utf8')) ?? '').split('\n').filter(Boolean);
}

/** A group and those below it, the lowest first. */
function groupsBelow(group: string): readonly string[] {
  if (!existsSync(group)) return [];
  // A container that ends takes its group along while we look.
  const entries = attempt(() => readdirSync(group, { withFileTypes: true })) ?? [];
  const below = entries.filter((entry) => entry.isDirectory());
  return [...below.flatMap(({ name }) => groupsBelow(join(group, name))), group];
}

function attempt<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

function sysctlPath(name: string): string {
  return `/proc/sys/${name.replaceAll('.', '/')}`;
}

function isThere(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

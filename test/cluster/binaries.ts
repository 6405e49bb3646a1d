import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { PATHS } from './paths.ts';

/** The Kubernetes that the tests boot by itself, by its minor version. */
export const KUBERNETES = { '1.37': '1.37.2' } as const;
export type Minor = keyof typeof KUBERNETES;

type Program = {
  readonly module: string;
  /** What to build: a package, and the name of its binary. */
  readonly packages: Readonly<Record<string, string>>;
  /** Other names that the binary goes by. */
  readonly names?: readonly string[];
  readonly tags?: string;
  readonly ldflags: string;
};

const CONTAINERD = 'github.com/containerd/containerd/v2';
const CNI = 'github.com/containernetworking/plugins/plugins';

function programs(minor: Minor): readonly Program[] {
  return [
    {
      module: `kubernetes-${minor}`,
      packages: { kubernetes: '.' },
      names: [
        'coredns',
        'etcd',
        'helm',
        'kube-apiserver',
        'kube-controller-manager',
        'kube-proxy',
        'kube-scheduler',
        'kubectl',
        'kubelet',
        'metrics-server',
      ],
      ldflags: `-s -w ${versionFlags(KUBERNETES[minor])}`,
    },
    {
      module: 'containerd',
      packages: Object.fromEntries(
        ['containerd', 'containerd-shim-runc-v2', 'ctr'].map((name) => [name, `${CONTAINERD}/cmd/${name}`]),
      ),
      tags: 'no_btrfs no_zfs no_devmapper',
      ldflags: `-s -w -X ${CONTAINERD}/version.Version=v2.4.2`,
    },
    {
      module: 'cni',
      packages: {
        bridge: `${CNI}/main/bridge`,
        loopback: `${CNI}/main/loopback`,
        'host-local': `${CNI}/ipam/host-local`,
      },
      ldflags: '-s -w',
    },
    { module: 'pause', packages: { pause: '.' }, ldflags: '-s -w' },
  ];
}

/** What `--version` and the API say; without it programs refuse each other as too old. */
function versionFlags(version: string): string {
  const [major, minor] = version.split('.');
  const values = {
    gitVersion: `v${version}`,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
    gitCommit: '0'.repeat(40),
    buildDate: '2026-01-01T00:00:00Z',
  };
  return ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
    .flatMap((path) => Object.entries(values).map(([name, value]) => `-X ${path}.${name}=${value}`))
    .join(' ');
}

/**
 * The folder with every binary of the cluster. Builds what is not in the cache, which is keyed by the modules' sums:
 * the first time that takes a quarter of an hour on two cores, and a line is said every ten seconds.
 */
export async function binaries(minor: Minor, say: (line: string) => void): Promise<string> {
  const folder = join(PATHS.binaries, `${minor}-${digest(minor)}`);
  if (existsSync(folder)) return folder;
  requireGo();
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const started = performance.now();
  say('building Kubernetes from Go modules: about 15 minutes the first time, seconds when only links change');
  for (const program of programs(minor)) await build(program, unfinished, say);
  renameSync(unfinished, folder);
  say(`built in ${minutes(performance.now() - started)}`);
  return folder;
}

async function build(
  { module, packages, names = [], tags, ldflags }: Program,
  folder: string,
  say: (line: string) => void,
) {
  for (const [name, path] of Object.entries(packages)) {
    const started = performance.now();
    const args = [
      'build',
      '-trimpath',
      '-ldflags',
      ldflags,
      ...(tags ? ['-tags', tags] : []),
      '-o',
      join(folder, name),
      path,
    ];
    const child = spawn('go', args, {
      cwd: join(PATHS.sources, 'programs', module),
      env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-4000);
    });
    const progress = setInterval(() => say(`  ${name}: ${minutes(performance.now() - started)}`), 10_000);
    const [code] = await once(child, 'exit');
    clearInterval(progress);
    if (code !== 0) throw new Error(`go build of ${name} failed:\n${errors}`);
    say(`  ${name}: built in ${minutes(performance.now() - started)}`);
    for (const link of names) symlinkSync(name, join(folder, link));
  }
}

/** Everything that decides what the binaries are. */
function digest(minor: Minor): string {
  const hash = createHash('sha256').update(JSON.stringify(programs(minor)));
  for (const { module } of programs(minor)) {
    const folder = join(PATHS.sources, 'programs', module);
    for (const file of readdirSync(folder).sort()) hash.update(file).update(readFileSync(join(folder, file)));
  }
  return hash.digest('hex').slice(0, 12);
}

function requireGo(): void {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
  } catch {
    throw new Error('building the cluster needs Go 1.26 or newer on the PATH');
  }
}

function minutes(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(0)} s` : `${(ms / 60_000).toFixed(1)} min`;
}

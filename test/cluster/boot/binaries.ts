import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { PATHS } from './paths.ts';

/** The Kubernetes that the tests can boot by themselves, by minor version. */
export const KUBERNETES = { '1.35': '1.35.8', '1.36': '1.36.4', '1.37': '1.37.2' } as const;
export type Say = (line: string) => void;
export type Minor = keyof typeof KUBERNETES;

/** A Go module in `programs/`, and the binaries that are built of it. */
type Program = {
  readonly module: string;
  /** Where the module has a list of dependencies for each version. */
  readonly modfile?: string;
  /** What to build: the name of a binary, and its package. */
  readonly packages: Readonly<Record<string, string>>;
  /** Other names that the only binary goes by. */
  readonly names?: readonly string[];
  readonly tags?: string;
  readonly ldflags: string;
};

const CONTAINERD = 'github.com/containerd/containerd/v2';
const CNI = 'github.com/containernetworking/plugins/plugins';

function programs(minor: Minor): readonly Program[] {
  return [
    {
      module: 'kubernetes',
      modfile: `${minor}.mod`,
      packages: { kubernetes: '.' },
      names: ['kube-apiserver', 'kube-controller-manager', 'kube-proxy', 'kube-scheduler', 'kubectl', 'kubelet'],
      ldflags: `-s -w ${versionFlags(KUBERNETES[minor])}`,
    },
    {
      module: 'add-ons',
      packages: { 'add-ons': '.' },
      names: ['coredns', 'etcd', 'helm', 'metrics-server'],
      ldflags: '-s -w -X helm.sh/helm/v4/internal/version.version=v4.3.1',
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
    {
      module: 'kubeconform',
      packages: { kubeconform: 'github.com/yannh/kubeconform/cmd/kubeconform' },
      ldflags: '-s -w -X main.version=v0.8.0',
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
 * The folder with every binary of the cluster. Builds what is not in the cache, which is keyed by versions and modules'
 * sums: the first time that takes a quarter of an hour on two cores, and a line is said every ten seconds.
 */
export async function binaries(minor: Minor, say: Say): Promise<string> {
  const parts: (readonly [program: Program, folder: string])[] = programs(minor).map((program) => [
    program,
    join(PATHS.binaries, `${program.module}-${digest(program)}`),
  ]);
  const all = hash(...parts.map(([, folder]) => folder));
  const together = join(PATHS.binaries, `${minor}-${all}`);
  if (existsSync(together)) return together;
  const missing = parts.filter(([, folder]) => !existsSync(folder));
  if (missing.length > 0) {
    requireGo();
    const started = performance.now();
    say(`building ${missing.map(([{ module }]) => module).join(', ')} from Go modules:`);
    say('about 15 minutes on two cores when nothing was ever built, seconds when only links change');
    for (const [program, folder] of missing) await inOneStep(folder, (unfinished) => build(program, unfinished, say));
    say(`built in ${minutes(performance.now() - started)}`);
  }
  await inOneStep(together, (unfinished) => {
    for (const [{ packages, names = [] }, folder] of parts) {
      const [binary = ''] = Object.keys(packages);
      for (const name of Object.keys(packages)) symlinkSync(join(folder, name), join(unfinished, name));
      for (const name of names) symlinkSync(join(folder, binary), join(unfinished, name));
    }
  });
  return together;
}

/** A folder that is there only when it was made to the end. */
async function inOneStep(folder: string, make: (unfinished: string) => void | Promise<void>): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  await make(unfinished);
  renameSync(unfinished, folder);
}

async function build({ module, modfile, packages, tags, ldflags }: Program, folder: string, say: Say): Promise<void> {
  for (const [name, path] of Object.entries(packages)) {
    const started = performance.now();
    const options = [...(modfile ? ['-modfile', modfile] : []), ...(tags ? ['-tags', tags] : [])];
    const args = ['build', '-trimpath', ...options, '-ldflags', ldflags, '-o', join(folder, name), path];
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
  }
}

/** Everything that decides what the binaries are: files of other versions do not. */
function digest(program: Program): string {
  const folder = join(PATHS.sources, 'programs', program.module);
  const ours = program.modfile ?? 'go.mod';
  const lists = [ours, ours.replace(/mod$/, 'sum')];
  const files = readdirSync(folder).filter((file) => file.endsWith('.go') || lists.includes(file));
  return hash(JSON.stringify(program), ...files.sort().map((file) => readFileSync(join(folder, file), 'utf8')));
}

function hash(...texts: readonly string[]): string {
  const sum = createHash('sha256');
  for (const text of texts) sum.update(text).update('\0');
  return sum.digest('hex').slice(0, 12);
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

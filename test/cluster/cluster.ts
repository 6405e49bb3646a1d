import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KUBERNETES, type Minor, type Say } from './boot/binaries.ts';
import { describe, down, loadImage, runningCluster, status, up, type Wanted } from './boot/boot.ts';
import { CONTROL, PATHS } from './boot/paths.ts';
import type { HpaTimings } from './boot/start-programs.ts';

/** By it `npm run test:cluster` tells the tests where they are. */
export const CLUSTER_VARIABLE = 'BERTH_TEST_CLUSTER';

/** A Kubernetes to test on, whoever made it. */
export type Cluster = {
  /** For people: what it is, and how fast its autoscaler looks. */
  readonly description: string;
  readonly hpaTimings: HpaTimings;
  readonly nodes: number;
  readonly kubeconfig: string | undefined;
  readonly context: string;
  /** The folder of kubectl and the other commands when they come with the cluster; otherwise those of the PATH are used. */
  readonly bin: string | undefined;
  /** Where the first node's containerd listens, when that is on this machine. */
  readonly containerdSocket?: string;
  /** Brings a docker-archive to every node; a cluster that is named has the images already. */
  readonly loadImage?: (archive: string) => void;
};

/** Which cluster is asked for. */
export type Asked = {
  /** One that is there: its kubectl context. */
  readonly context?: string | undefined;
  readonly minor: Minor;
  readonly nodes: number;
  readonly hpaTimings: HpaTimings;
};

export const DEFAULT: Asked = { minor: '1.37', nodes: 2, hpaTimings: 'quick' };

const KIND = 'berth';
const kindConfig = join(PATHS.cache, 'kind.kubeconfig');

/**
 * The cluster of a context when one is named, one by kind when a Docker engine answers, and otherwise one that is booted
 * from Go modules. What is already up is taken as it is.
 * @throws Error that says what is missing
 */
export async function bringUp(asked: Asked, say: Say): Promise<Cluster> {
  if (asked.context !== undefined) return ofContext(asked.context);
  if (!bootsItself(asked)) return bringUpKind(asked, say);
  const wanted: Wanted = { minor: asked.minor, nodes: asked.nodes, hpaTimings: asked.hpaTimings };
  await up(wanted, say);
  return ofGoModules();
}

/** Whether what is asked for is booted from Go modules. */
export function bootsItself({ context }: Asked): boolean {
  return context === undefined && !hasDocker();
}

/** Ends what {@link bringUp} made; a cluster of a context is not ours. */
export async function takeDown(say: Say): Promise<void> {
  if (hasDocker() && kindClusters().includes(KIND)) {
    run('kind', 'delete', 'cluster', '--name', KIND);
    say('deleted the kind cluster');
    return;
  }
  await down(say);
}

export function tellStatus(say: Say): boolean {
  if (!hasDocker()) return status(say);
  const isThere = kindClusters().includes(KIND);
  say(isThere ? `the kind cluster ${KIND} is there, KUBECONFIG=${kindConfig}` : 'no kind cluster is there');
  return isThere;
}

function ofContext(context: string): Cluster {
  const answer = spawnSync('kubectl', ['--context', context, 'get', 'nodes', '-o', 'name'], { encoding: 'utf8' });
  if (answer.status !== 0) {
    throw new Error(`the cluster of context ${context} does not answer: ${answer.stderr ?? answer.error?.message}`);
  }
  return {
    description: `the cluster of context ${context}, the HPA as it has it`,
    hpaTimings: 'default',
    nodes: answer.stdout.trim().split('\n').length,
    kubeconfig: process.env.KUBECONFIG,
    context,
    bin: undefined,
  };
}

function hasDocker(): boolean {
  return ['docker', 'kind'].every((command) => spawnSync(command, ['version'], { stdio: 'ignore' }).status === 0);
}

function kindClusters(): readonly string[] {
  return run('kind', 'get', 'clusters').trim().split('\n');
}

function bringUpKind({ minor, nodes }: Asked, say: Say): Cluster {
  if (!kindClusters().includes(KIND)) {
    say(`making a cluster with kind: Kubernetes ${KUBERNETES[minor]}, ${nodes} nodes`);
    const roles = Array.from({ length: nodes }, (_, index) => ({ role: index === 0 ? 'control-plane' : 'worker' }));
    const config = JSON.stringify({ kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', nodes: roles });
    const image = `kindest/node:v${KUBERNETES[minor]}`;
    const args = ['create', 'cluster', '--name', KIND, '--image', image, '--config', '-', '--wait', '120s'];
    execFileSync('kind', args, { input: config, stdio: ['pipe', 'inherit', 'inherit'] });
  }
  mkdirSync(dirname(kindConfig), { recursive: true });
  writeFileSync(kindConfig, run('kind', 'get', 'kubeconfig', '--name', KIND), { mode: 0o600 });
  return {
    description: `a cluster by kind, Kubernetes ${KUBERNETES[minor]}, the HPA as Kubernetes has it`,
    hpaTimings: 'default',
    nodes,
    kubeconfig: kindConfig,
    context: `kind-${KIND}`,
    bin: undefined,
    loadImage: (archive) => {
      run('kind', 'load', 'image-archive', archive, '--name', KIND);
    },
  };
}

function ofGoModules(): Cluster {
  const running = runningCluster();
  if (!running) throw new Error('the cluster ended while it was looked at');
  return {
    description: describe(running.wanted),
    hpaTimings: running.wanted.hpaTimings,
    nodes: running.wanted.nodes,
    kubeconfig: PATHS.kubeconfig,
    context: 'berth',
    bin: running.bin,
    containerdSocket: CONTROL.containerdSocket,
    loadImage,
  };
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

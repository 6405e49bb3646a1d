import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { binaries, KUBERNETES, type Minor, type Say } from './binaries.ts';
import { writeNodeConfiguration, writeSchedulerConfiguration } from './configuration.ts';
import { systemArchives } from './images.ts';
import { cleanMachine, killPods, prepareMachine, setUpMachine, setUpNode } from './machine.ts';
import { type Node, nodeOf, PATHS } from './paths.ts';
import { makeNodePki, makePki } from './pki.ts';
import { killByCommand, started, stop } from './processes.ts';
import {
  CONTROL_PROGRAMS,
  type HpaTimings,
  nodePrograms,
  startAgents,
  startContainerd,
  startControllers,
  startFoundation,
} from './start-programs.ts';

/** Which Kubernetes to boot. */
export type Wanted = { readonly minor: Minor; readonly nodes: number; readonly hpaTimings: HpaTimings };

type Running = { readonly wanted: Wanted; readonly bin: string };

const runningFile = join(PATHS.state, 'running.json');

/**
 * Boots a Kubernetes from its own programs, or finds it running. One that is otherwise than wanted is ended first, and
 * what a killed one left behind is taken away. Leaves a kubeconfig at {@link PATHS.kubeconfig}.
 */
export async function up(wanted: Wanted, say: Say): Promise<void> {
  prepareMachine();
  const bin = await binaries(wanted.minor, say);
  const archives = systemArchives(bin);
  const running = runningCluster();
  if (running && JSON.stringify(running.wanted) === JSON.stringify(wanted)) {
    say(`running: ${describe(wanted)}, KUBECONFIG=${PATHS.kubeconfig}`);
    return;
  }
  await down(() => {});
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  setUpMachine();
  makePki();
  const runc = execFileSync('sh', ['-c', 'command -v runc'], { encoding: 'utf8' }).trim();
  const kubectl = (...args: string[]) =>
    spawnSync(join(bin, 'kubectl'), [`--kubeconfig=${PATHS.kubeconfig}`, ...args], { encoding: 'utf8' });
  startFoundation(bin);
  await until('the API server answers', () => kubectl('get', '--raw', '/readyz').status === 0);
  say(`API server ready after ${seconds()}`);
  startControllers(bin, writeSchedulerConfiguration(), wanted.hpaTimings);
  const nodes = nodesOf({ wanted });
  for (const node of nodes) {
    makeNodePki(node);
    const files = writeNodeConfiguration(node, bin, runc);
    setUpNode(node);
    startContainerd(node, bin, files);
    await until('containerd listens', () => existsSync(node.containerdSocket));
    startAgents(node, bin, files);
  }
  const names = nodes.map(({ name }) => `node/${name}`);
  await until(
    'the nodes are ready',
    () => kubectl('wait', '--for=condition=Ready', ...names, '--timeout=1s').status === 0,
  );
  say(`${names.length === 1 ? 'node' : `${names.length} nodes`} ready after ${seconds()}`);
  const isRunning: Running = { wanted, bin };
  writeFileSync(runningFile, JSON.stringify(isRunning));
  for (const archive of archives) loadImage(archive);
  const applied = kubectl('apply', '-f', join(PATHS.sources, 'manifests'));
  if (applied.status !== 0) throw new Error(`the add-ons were refused: ${applied.stderr}`);
  await until(
    'DNS and metrics are ready',
    () =>
      kubectl('-n', 'kube-system', 'wait', '--for=condition=Available', 'deployment', '--all', '--timeout=1s')
        .status === 0,
  );
  say(`DNS and metrics ready after ${seconds()}: ${describe(wanted)}, KUBECONFIG=${PATHS.kubeconfig}`);
}

/** Stops everything and takes back what it changed of the machine. Built programs stay in the cache. */
export async function down(say: Say): Promise<void> {
  const names = [...started().keys()];
  const kubelets = names.filter((name) => name.startsWith('kubelet'));
  // First whoever would start a pod again, then the pods.
  await stop(kubelets);
  killPods();
  await stop(names.filter((name) => !isControl(name) && !kubelets.includes(name)));
  await stop(CONTROL_PROGRAMS);
  killByCommand('containerd-shim-runc-v2', `-address ${PATHS.state}/`);
  cleanMachine();
  say('nothing of the cluster is left but what it was built of');
}

/** What runs, for people. */
export function status(say: Say): boolean {
  for (const [name, isRunning] of started()) say(`${isRunning ? 'running' : 'stopped'}  ${name}`);
  const running = runningCluster();
  say(running ? `${describe(running.wanted)}, KUBECONFIG=${PATHS.kubeconfig}` : 'no cluster is up');
  return running !== undefined;
}

/** The cluster that is up with all its programs, and the folder of its binaries. */
export function runningCluster(): Running | undefined {
  if (!existsSync(runningFile)) return undefined;
  const running: Running = JSON.parse(readFileSync(runningFile, 'utf8'));
  const programs = [...CONTROL_PROGRAMS, ...nodesOf(running).flatMap(nodePrograms)];
  const alive = started();
  return programs.every((name) => alive.get(name)) ? running : undefined;
}

/** Loads a docker-archive into every node, under the name that it has. */
export function loadImage(archive: string): void {
  const running: Running = JSON.parse(readFileSync(runningFile, 'utf8'));
  for (const { containerdSocket } of nodesOf(running)) {
    const args = ['-a', containerdSocket, '-n', 'k8s.io', 'images', 'import', '--local', archive];
    execFileSync(join(running.bin, 'ctr'), args, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

function nodesOf({ wanted }: Pick<Running, 'wanted'>): readonly Node[] {
  return Array.from({ length: wanted.nodes }, (_, index) => nodeOf(index));
}

export function describe({ minor, nodes, hpaTimings }: Wanted): string {
  const hpa = hpaTimings === 'default' ? 'the HPA as Kubernetes has it' : 'an HPA that looks every 5 s';
  return `Kubernetes ${KUBERNETES[minor]} from Go modules, ${nodes === 1 ? 'one node' : `${nodes} nodes`}, ${hpa}`;
}

function isControl(name: string): boolean {
  return CONTROL_PROGRAMS.some((program) => program === name);
}

async function until(what: string, isSo: () => boolean, seconds = 120): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!isSo()) {
    if (performance.now() > deadline)
      throw new Error(`not so after ${seconds} s: ${what}; the logs are in ${PATHS.state}/log`);
    await sleep(100);
  }
}

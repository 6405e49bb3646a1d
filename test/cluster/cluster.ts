import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { binaries, type Minor } from './binaries.ts';
import { writeConfiguration } from './configuration.ts';
import { systemArchives } from './images.ts';
import { cleanMachine, killPods, prepareMachine, setUpMachine } from './machine.ts';
import { NODE, PATHS } from './paths.ts';
import { makePki } from './pki.ts';
import { killByCommand, started, stop } from './processes.ts';
import { PROGRAMS, startAgents, startFoundation } from './start-programs.ts';

export type Say = (line: string) => void;

/**
 * Boots a Kubernetes of one node from its own programs, or finds it running. What a killed one left behind is taken away
 * first. Leaves a kubeconfig at {@link PATHS.kubeconfig}.
 */
export async function up(minor: Minor, say: Say): Promise<void> {
  prepareMachine();
  const bin = await binaries(minor, say);
  const archives = systemArchives(bin);
  if (isUp()) {
    say(`Kubernetes ${minor} is running: KUBECONFIG=${PATHS.kubeconfig}`);
    return;
  }
  await down(() => {});
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  setUpMachine();
  makePki();
  const runc = execFileSync('sh', ['-c', 'command -v runc'], { encoding: 'utf8' }).trim();
  const files = writeConfiguration(bin, runc);
  startFoundation(bin, files);
  const kubectl = (...args: string[]) =>
    spawnSync(join(bin, 'kubectl'), [`--kubeconfig=${PATHS.kubeconfig}`, ...args], { encoding: 'utf8' });
  await until('the API server answers', () => kubectl('get', '--raw', '/readyz').status === 0);
  say(`API server ready after ${seconds()}`);
  startAgents(bin, files);
  await until(
    'the node is ready',
    () => kubectl('wait', '--for=condition=Ready', `node/${NODE}`, '--timeout=1s').status === 0,
  );
  say(`node ready after ${seconds()}`);
  for (const archive of archives) loadImage(bin, archive);
  const applied = kubectl('apply', '-f', join(PATHS.sources, 'manifests'));
  if (applied.status !== 0) throw new Error(`the add-ons were refused: ${applied.stderr}`);
  await until(
    'DNS and metrics are ready',
    () =>
      kubectl('-n', 'kube-system', 'wait', '--for=condition=Available', 'deployment', '--all', '--timeout=1s')
        .status === 0,
  );
  say(`add-ons ready after ${seconds()}: KUBECONFIG=${PATHS.kubeconfig}`);
}

/** Stops everything and takes back what it changed of the machine. Built programs stay in the cache. */
export async function down(say: Say): Promise<void> {
  const [kubelet, ...others] = PROGRAMS;
  // First whoever would start a pod again, then the pods.
  await stop([kubelet]);
  killPods();
  await stop(others);
  killByCommand('containerd-shim-runc-v2', `-address ${PATHS.state}/`);
  cleanMachine();
  say('nothing of the cluster is left but what it was built of');
}

/** What runs, for people. */
export function status(say: Say): boolean {
  for (const name of PROGRAMS) say(`${started().get(name) ? 'running' : 'stopped'}  ${name}`);
  return isUp();
}

/** Loads a docker-archive into the node, under the name that it has. */
export function loadImage(bin: string, archive: string): void {
  const args = ['-a', PATHS.containerdSocket, '-n', 'k8s.io', 'images', 'import', '--local', archive];
  execFileSync(join(bin, 'ctr'), args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function isUp(): boolean {
  return PROGRAMS.every((name) => started().get(name));
}

async function until(what: string, isSo: () => boolean, seconds = 120): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!isSo()) {
    if (performance.now() > deadline)
      throw new Error(`not so after ${seconds} s: ${what}; the logs are in ${PATHS.state}/log`);
    await sleep(100);
  }
}

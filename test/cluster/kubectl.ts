import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { binaries } from './binaries.ts';
import { PATHS } from './paths.ts';

const execute = promisify(execFile);

/** kubectl of the cluster's own version, in one namespace. */
export type Kubectl = {
  readonly namespace: string;
  /** Runs to the end and gives what it printed. @throws Error with what it said when it fails */
  readonly run: (...args: readonly string[]) => Promise<string>;
  /** Runs in the background, such as a port-forward. */
  readonly start: (...args: readonly string[]) => ChildProcess;
};

/** Makes a namespace under the restricted Pod Security Standard, for one test file. */
export async function makeNamespace(name: string): Promise<Kubectl> {
  const kubectl = join(await binaries('1.37', () => {}), 'kubectl');
  const common = [`--kubeconfig=${PATHS.kubeconfig}`, `--namespace=${name}`];
  const run = async (...args: readonly string[]) => (await execute(kubectl, [...common, ...args])).stdout;
  await run('delete', 'namespace', name, '--ignore-not-found', '--wait');
  await run('create', 'namespace', name);
  await run('label', 'namespace', name, 'pod-security.kubernetes.io/enforce=restricted');
  return {
    namespace: name,
    run,
    start: (...args) => spawn(kubectl, [...common, ...args], { stdio: ['ignore', 'pipe', 'inherit'] }),
  };
}

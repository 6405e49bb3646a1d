import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Load, Second } from './generator.ts';
import type { Pods } from './report.ts';

const NAME = 'berth-load-test';

/** The objects of a load from inside the cluster: the generator's source, and a pod that runs it with the servers' image. */
export function makeLoadPod(load: Load, image: string): object {
  const labels = { 'app.kubernetes.io/name': NAME };
  const metadata = { name: NAME, labels };
  const source = readFileSync(join(import.meta.dirname, 'generator.ts'), 'utf8');
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'generator.ts': source } },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata,
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 15,
          securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name: 'load',
              image,
              command: ['node', '/load/generator.ts', JSON.stringify(load)],
              env: [
                {
                  name: 'BERTH_API_KEY',
                  valueFrom: { secretKeyRef: { name: NAME, key: 'key', optional: true } },
                },
              ],
              resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '512Mi' } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              volumeMounts: [{ name: 'load', mountPath: '/load', readOnly: true }],
            },
          ],
          volumes: [{ name: 'load', configMap: { name: NAME } }],
        },
      },
    ],
  };
}

/** Sends the load from a pod beside the servers, and takes everything away that it made. */
export async function runInCluster(
  load: Load,
  kubectl: readonly string[],
  tell: (second: Second) => void,
  signal: AbortSignal,
): Promise<void> {
  const run = (args: readonly string[], input = '') =>
    execFileSync('kubectl', [...kubectl, ...args], { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'pipe'] });
  const remove = () => run(['delete', 'pod,configmap,secret', NAME, '--ignore-not-found', '--wait']);
  const path = '{.spec.template.spec.containers[0].image}';
  const image = run(['get', 'deployment', 'model-serving', '-o', `jsonpath=${path}`]);
  remove();
  try {
    const key = process.env.BERTH_API_KEY;
    if (key) run(['create', '-f', '-'], JSON.stringify(makeKeySecret(key)));
    run(['create', '-f', '-'], JSON.stringify(makeLoadPod(load, image)));
    run(['wait', '--for=jsonpath={.status.phase}=Running', `pod/${NAME}`, '--timeout=60s']);
    const logs = spawn('kubectl', [...kubectl, 'logs', '--follow', NAME], { stdio: ['ignore', 'pipe', 'inherit'] });
    signal.addEventListener('abort', () => run(['delete', 'pod', NAME, '--ignore-not-found', '--wait=false']));
    let seconds = 0;
    for await (const line of createInterface({ input: logs.stdout })) {
      if (!line.startsWith('{')) throw new Error(`the load's pod says: ${line}`);
      tell(JSON.parse(line));
      seconds++;
    }
    if (seconds < load.seconds && !signal.aborted) {
      const status = run(['get', 'pod', NAME, '-o', 'jsonpath={.status.containerStatuses[0].state}']);
      throw new Error(`the load's pod ended after ${seconds} s: ${status}`);
    }
  } finally {
    remove();
  }
}

function makeKeySecret(key: string): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: NAME }, stringData: { key } };
}

/** Follows how many pods the Deployment has. */
export function watchPods(kubectl: readonly string[]): { now(): Pods | undefined; end(): Promise<void> } {
  const path = '{.spec.replicas} {.status.readyReplicas}{"\\n"}';
  const args = [...kubectl, 'get', 'deployment', 'model-serving', '--watch', '-o', `jsonpath=${path}`];
  const watch: ChildProcess = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let pods: Pods | undefined;
  if (watch.stdout) {
    createInterface({ input: watch.stdout }).on('line', (line) => {
      const [replicas = 0, ready = 0] = line.trim().split(' ').map(Number);
      pods = { replicas, ready };
    });
  }
  return {
    now: () => pods,
    end: async () => {
      if (watch.exitCode === null && watch.kill()) await once(watch, 'exit');
    },
  };
}

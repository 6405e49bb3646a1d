import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Load } from '../../scripts/load/generator.ts';
import { runInCluster, watchPods } from '../../scripts/load/in-cluster.ts';
import { drawPicture, failuresOf, type Row, summaryOf } from '../../scripts/load/report.ts';
import { manifestTexts, presentConfig } from '../../scripts/manifests.ts';
import { CLUSTER_VARIABLE, type Cluster } from './cluster.ts';
import { SERVER_IMAGE } from './server-images.ts';

const execute = promisify(execFile);
export const top = join(import.meta.dirname, '../..');

/** Pictures and what a failed test left, for people. */
export const OUTPUT = join(top, 'test/output');

export const cluster = readCluster();

const DEPLOYMENT = 'deployment/model-serving';
const SELECTOR = 'app.kubernetes.io/name=model-serving';
const FLOWER = '[5.1,3.5,1.4,0.2]';

function readCluster(): Omit<Cluster, 'loadImage'> {
  const text = process.env[CLUSTER_VARIABLE];
  if (!text) throw new Error('these tests run on a cluster: npm run test:cluster -- FILE');
  const found: Omit<Cluster, 'loadImage'> = JSON.parse(text);
  // For kubectl, and for the scripts that call it.
  if (found.kubeconfig) process.env.KUBECONFIG = found.kubeconfig;
  if (found.bin) process.env.PATH = `${found.bin}:${process.env.PATH}`;
  return found;
}

/** How an application is otherwise than `k8s/` has it. */
export type Changes = {
  /** The text of the configuration file. */
  readonly config?: string;
  /** A repository in a ConfigMap instead of the image's: the file of the checkout, or a text, by path. */
  readonly models?: Models;
  /** A strategic merge patch of the Deployment. */
  readonly deployment?: object;
};
export type Models = Readonly<Record<string, { readonly file: string } | { readonly text: string }>>;

/** A load that is under way, and the seconds in which something began, such as a rollout. */
export type RunningLoad = { readonly rows: readonly Row[]; readonly marks: Map<string, number>; end(): Promise<void> };

/** What the tests look at of a pod. */
export type Pod = {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName: string };
  readonly status: { readonly containerStatuses?: readonly ContainerStatus[] };
};

export type ContainerStatus = {
  readonly ready: boolean;
  readonly restartCount: number;
  readonly lastState: { readonly terminated?: { readonly exitCode: number; readonly reason: string } };
};

export type Result = { readonly code: number; readonly output: string };

/**
 * A test in a namespace of its own, told as Given, When, Then. When it fails, what the namespace holds is collected into
 * {@link OUTPUT}; the namespace is deleted in any case.
 */
export function scenario(id: string, sentence: string, play: (scene: Scene) => Promise<void>): void {
  test(sentence, async (t) => {
    const scene = new Scene(id, t);
    await scene.begin();
    try {
      await play(scene);
    } catch (error) {
      t.diagnostic(await scene.collect());
      throw error;
    } finally {
      await scene.end();
    }
  });
}

export class Scene {
  readonly namespace: string;
  readonly context = cluster.context;
  readonly #test: TestContext | undefined;
  readonly #ends: (() => unknown)[] = [];

  constructor(id: string, context?: TestContext) {
    this.namespace = `berth-${id}`;
    this.#test = context;
  }

  /** A line of the test's output. */
  say(line: string): void {
    this.#test?.diagnostic(line);
  }

  async kubectl(...args: readonly string[]): Promise<string> {
    return (await execute('kubectl', this.#inNamespace(args))).stdout;
  }

  /** A script of `scripts/`, with how it ended and all that it printed. */
  async script(name: string, ...args: readonly string[]): Promise<Result> {
    try {
      const { stdout, stderr } = await execute(join(top, 'scripts', name), this.#inNamespace(args));
      return { code: 0, output: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, output: stdout + stderr };
    }
  }

  readonly given = {
    /** `k8s/` applied, otherwise where it is said, and its pods ready. */
    application: async (changes: Changes = {}): Promise<void> => {
      await this.when.applicationIs(changes);
      await this.then.ready(2);
    },
    /** A scene like this one in a namespace beside it. */
    anotherNamespace: async (id: string): Promise<Scene> => {
      const other = new Scene(id, this.#test);
      await other.begin();
      this.afterwards(() => other.end());
      return other;
    },
    /** Predictions from a pod in the namespace, through the Service. */
    load: async (load: Partial<Load> = {}): Promise<RunningLoad> => {
      const rows: Row[] = [];
      const stop = new AbortController();
      const options = ['--namespace', this.namespace];
      const pods = watchPods(options);
      const whole: Load = {
        ...{ url: 'http://model-serving/predict', body: FLOWER, rate: 300, seconds: 3600, connections: 'mixed' },
        ...load,
      };
      const running = runInCluster(whole, options, (row) => rows.push({ ...row, pods: pods.now() }), stop.signal);
      let isOver = false;
      const end = async () => {
        if (isOver) return;
        isOver = true;
        stop.abort();
        await running;
        await pods.end();
      };
      this.afterwards(end);
      running.catch(() => {});
      await this.until('the load has begun', async () => rows.length > 0);
      return { rows, marks: new Map(), end };
    },
  };

  readonly when = {
    /** `k8s/` is applied as it would be with this configuration, these models, and this of the Deployment otherwise. */
    applicationIs: async ({ config = presentConfig(), models, deployment = {} }: Changes): Promise<void> => {
      const folder = mkdtempSync(join(tmpdir(), 'berth-manifests-'));
      try {
        for (const [path, text] of Object.entries(manifestTexts(config))) {
          if (path.split('/').length === 2) writeFileSync(join(folder, basename(path)), text);
        }
        const patches = [deployment];
        if (models) {
          await this.when.applied(makeModels(models));
          patches.push(mountModels(models));
        }
        const file = join(folder, 'deployment.yaml');
        for (const patch of patches) {
          const args = ['--local', '-f', file, '--type=strategic', '-p', JSON.stringify(patch), '-o', 'json'];
          writeFileSync(file, await this.kubectl('patch', ...args));
        }
        await this.kubectl('apply', '-f', folder);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    /** The pods' template changes in what is named, as `kubectl patch` takes it. */
    patched: (what: string, patch: object) =>
      this.kubectl('patch', what, '--type=strategic', '-p', JSON.stringify(patch)),
    imageIs: (image: string) => this.kubectl('set', 'image', DEPLOYMENT, `server=${image}`),
    applied: (object: object) => this.#withInput(JSON.stringify(object), 'apply', '-f', '-'),
  };

  // biome-ignore lint/suspicious/noThenProperty: a step of a test, and nothing that is awaited
  readonly then = {
    ready: (pods: number, seconds = 90) =>
      this.until(`${pods} pods are ready`, async () => (await this.readyPods()) === pods, seconds),
    rolloutEnds: (seconds = 180) => this.kubectl('rollout', 'status', DEPLOYMENT, `--timeout=${seconds}s`),
    rolloutFails: async (seconds = 180): Promise<void> => {
      const result = await this.kubectl('rollout', 'status', DEPLOYMENT, `--timeout=${seconds}s`).then(
        () => 'it ended well',
        (error: { stderr: string }) => error.stderr,
      );
      assert.match(result, /exceeded its progress deadline|timed out/);
    },
    /** Ends the load and holds it to having lost nothing; prints how it went, for each part between marks. */
    nothingWasLost: async (load: RunningLoad, atLeast = 1): Promise<void> => {
      await load.end();
      this.tell(load);
      const { failed, answered } = summaryOf(load.rows);
      assert.equal(failed, 0, failuresOf(load.rows));
      assert.ok(answered >= atLeast, `${answered} requests are too few to say so`);
    },
  };

  /** A line on the load as a whole and between its marks, and its picture. */
  tell(load: RunningLoad): void {
    const parts = [...(load.marks.size > 0 ? [['before', 0] as const] : []), ...load.marks];
    const line = (name: string, rows: readonly Row[]) => {
      const { sent, failed, p50, p99, max } = summaryOf(rows);
      this.say(`${name.padEnd(8)} ${sent} requests, ${failed} failed, p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`);
    };
    for (const [index, [name, from]] of parts.entries()) line(name, load.rows.slice(from, parts[index + 1]?.[1]));
    line('all', load.rows);
    this.draw(load.rows, this.namespace);
  }

  /** A picture of a load, into the output. */
  draw(rows: readonly Row[], title: string): void {
    mkdirSync(OUTPUT, { recursive: true });
    const file = join(OUTPUT, `${this.namespace}.svg`);
    writeFileSync(file, drawPicture(title, rows));
    this.say(`picture: ${file}`);
  }

  /** Done when the scenario is over, however it ended. */
  afterwards(act: () => unknown): void {
    this.#ends.push(act);
  }

  async readyEndpoints(): Promise<number> {
    const args = [
      '-l',
      'kubernetes.io/service-name=model-serving',
      '-o',
      'jsonpath={.items[*].endpoints[*].conditions.ready}',
    ];
    return (await this.kubectl('get', 'endpointslices', ...args)).split(' ').filter((ready) => ready === 'true').length;
  }

  /** The application's pods, those that are ending among them. */
  async pods(): Promise<readonly Pod[]> {
    return JSON.parse(await this.kubectl('get', 'pods', '-l', SELECTOR, '-o', 'json')).items;
  }

  /** What the Deployment's pods are made by. */
  async template(): Promise<unknown> {
    return JSON.parse(await this.kubectl('get', DEPLOYMENT, '-o', 'jsonpath={.spec.template}'));
  }

  async readyPods(): Promise<number> {
    return Number(await this.kubectl('get', DEPLOYMENT, '-o', 'jsonpath={.status.readyReplicas}'));
  }

  /** What the Service answers, by its name, to a pod of the namespace; with a body it is a POST. */
  async askFromPod(path: string, body?: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const options = JSON.stringify({ method: body ? 'POST' : 'GET', headers, ...(body ? { body } : {}) });
    const url = `http://model-serving${path}`;
    const source = `fetch('${url}', ${options}).then(async (answer) => console.log(answer.status, await answer.text()))`;
    await this.#startClient();
    return this.kubectl('exec', 'client', '--', 'node', '--eval', source);
  }

  /** A pod that only waits to be asked for something. */
  async #startClient(): Promise<void> {
    const isThere = await this.kubectl('get', 'pod', 'client', '--ignore-not-found', '-o', 'name');
    if (isThere !== '') return;
    await this.when.applied({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'client' },
      spec: {
        terminationGracePeriodSeconds: 0,
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: 'client',
            image: SERVER_IMAGE,
            command: ['node', '--eval', 'setInterval(() => {}, 1e9)'],
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          },
        ],
      },
    });
    await this.kubectl('wait', '--for=condition=Ready', 'pod/client', '--timeout=60s');
  }

  async until(what: string, isSo: () => Promise<boolean>, seconds = 60): Promise<number> {
    const began = performance.now();
    while (!(await isSo())) {
      assert.ok(performance.now() < began + seconds * 1000, `not so after ${seconds} s: ${what}`);
      await sleep(200);
    }
    return (performance.now() - began) / 1000;
  }

  /** An empty namespace, under the restricted Pod Security Standard. */
  async begin(): Promise<void> {
    await this.#deleteNamespace('--wait');
    await this.kubectl('create', 'namespace', this.namespace);
    await this.kubectl('label', 'namespace', this.namespace, 'pod-security.kubernetes.io/enforce=restricted');
  }

  async collect(): Promise<string> {
    mkdirSync(OUTPUT, { recursive: true });
    const { output } = await this.script('collect-diagnostics', '-o', join(OUTPUT, `${this.namespace}.tar.gz`));
    return output;
  }

  async end(): Promise<void> {
    for (const end of this.#ends.reverse()) await Promise.resolve(end()).catch(() => {});
    await this.#deleteNamespace('--wait=false');
  }

  async #deleteNamespace(wait: string): Promise<void> {
    await this.kubectl('delete', 'namespace', this.namespace, '--ignore-not-found', wait);
  }

  #inNamespace(args: readonly string[]): string[] {
    return ['--context', cluster.context, '--namespace', this.namespace, ...args];
  }

  #withInput(input: string, ...args: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = execFile('kubectl', this.#inNamespace(args), (error, stdout) =>
        error ? reject(error) : resolve(stdout),
      );
      child.stdin?.end(input);
    });
  }
}

/** A patch of the Deployment's pods. */
export function podPatch(spec: object): object {
  return { spec: { template: { spec } } };
}

/** A ConfigMap for each repository: its name says what is in it, so that a change of models is a change of the pods. */
function makeModels(models: Models): object {
  const files = Object.values(models).map((source) =>
    'text' in source ? Buffer.from(source.text) : readFileSync(join(top, source.file)),
  );
  const binaryData = Object.fromEntries(files.map((bytes, index) => [`file-${index}`, bytes.toString('base64')]));
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: nameOf(models) }, binaryData };
}

function nameOf(models: Models): string {
  return `models-${createHash('sha256').update(JSON.stringify(models)).digest('hex').slice(0, 8)}`;
}

function mountModels(models: Models): object {
  const items = Object.keys(models).map((path, index) => ({ key: `file-${index}`, path }));
  const volume = { name: 'models', configMap: { name: nameOf(models), items } };
  const mount = { name: 'models', mountPath: '/models', readOnly: true };
  return podPatch({ containers: [{ name: 'server', volumeMounts: [mount] }], volumes: [volume] });
}

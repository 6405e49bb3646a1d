import assert from 'node:assert/strict';
import { presentConfig } from '../../scripts/manifests.ts';
import { type ContainerStatus, type Models, podPatch, type Scene, scenario } from './scenario.ts';

const SLOW = { file: 'test/models/slow.onnx' };
const IRIS: Models = {
  'iris/serving.yaml': { text: 'default: true\nlabels: [setosa, versicolor, virginica]\n' },
  'iris/1/model.onnx': { file: 'examples/models/iris/1/model.onnx' },
};
/** A loop that takes as long as it is asked to; its example is long enough that it is run on a thread. */
const withSlow = (trips: number): Models => ({
  ...IRIS,
  'slow/serving.yaml': { text: `example: { inputs: { trips: [${trips}] } }\nwarmUp: { runs: 1 }\n` },
  'slow/1/model.onnx': SLOW,
});
const FOREVER = '{"inputs":[{"name":"trips","shape":[1],"datatype":"INT64","data":[1000000000000]}]}';

scenario(
  'slow-load',
  'Given a model that loads for a quarter of a minute, when its pods start, then they are waited for and none is killed',
  async (scene) => {
    await scene.when.applicationIs({ models: withSlow(4_000_000) });
    const seconds = await scene.until('two pods are ready', async () => (await scene.readyPods()) === 2, 300);
    scene.say(`ready after ${seconds.toFixed(1)} s`);
    assert.deepEqual(await restarts(scene), [0, 0]);
  },
);

scenario(
  'hung',
  'Given a model that hangs in a run, when liveness finds out, then the container is replaced and no other request is lost',
  async (scene) => {
    await scene.given.application({ models: withSlow(5000), config: `${presentConfig()}livenessStallMs: 5000\n` });
    const load = await scene.given.load({ rate: 100 });
    const hung = scene.askFromPod('/v2/models/slow/infer', FOREVER).catch(() => 'lost');
    await recovered(scene, 'the hung run, which liveness finds after 5 s here', async () => {});
    await hung;
    await scene.then.nothingWasLost(load);
  },
);

scenario(
  'hung-loop',
  'Given a model that hangs the thread that answers, when probes get no answer, then the container is replaced',
  async (scene) => {
    await scene.given.application({ models: { ...IRIS, 'slow/1/model.onnx': SLOW } });
    const hung = scene.askFromPod('/v2/models/slow/infer', FOREVER).catch(() => 'lost');
    await recovered(scene, 'the hung event loop', async () => {});
    await hung;
  },
);

scenario(
  'crash',
  'Given the application, when its process is killed, then the container is started again',
  async (scene) => {
    // With a process namespace for the whole pod the server is not process 1, which nobody inside can kill.
    await scene.given.application({ deployment: podPatch({ shareProcessNamespace: true }) });
    const [pod] = await scene.pods();
    await recovered(scene, 'the killed process', () =>
      scene.kubectl('exec', pod?.metadata.name ?? '', '--', 'node', '--eval', KILL_SERVER).catch(() => ''),
    );
  },
);

scenario(
  'oom',
  'Given a model that asks for all memory, when the kernel kills it, then the container is started again',
  async (scene) => {
    const models: Models = { ...IRIS, 'range/1/model.onnx': { file: 'test/models/range.onnx' } };
    await scene.given.application({ models });
    const body = '{"inputs":[{"name":"limit","shape":[],"datatype":"INT64","data":[1000000000]}]}';
    await recovered(scene, 'the kill by the kernel', () =>
      scene.askFromPod('/v2/models/range/infer', body).catch(() => ''),
    );
    const reasons = (await containers(scene)).map(({ lastState }) => lastState.terminated?.reason);
    assert.ok(reasons.includes('OOMKilled'), String(reasons));
  },
);

scenario(
  'full',
  'Given a full queue, when more comes, then it is refused with 503 and the pods stay in the Service',
  async (scene) => {
    await scene.given.application({ models: withSlow(50_000), config: `${presentConfig()}maxQueueRequests: 1\n` });
    // Each takes about a tenth of a second, and one at a time is computed.
    const body = '{"inputs":{"trips":[50000]}}';
    const load = await scene.given.load({ rate: 100, body, url: 'http://model-serving/v1/models/slow:predict' });
    const seen: number[] = [];
    await scene.until('ten seconds are over', async () => {
      seen.push(await scene.readyEndpoints());
      return load.rows.length >= 10;
    });
    await load.end();
    scene.tell(load);
    const outcomes = new Set(load.rows.flatMap(({ failed }) => Object.keys(failed)));
    assert.deepEqual([...outcomes], ['status 503']);
    assert.ok(load.rows.some(({ latencies }) => latencies.length > 0));
    assert.deepEqual([...new Set(seen)], [2]);
    assert.deepEqual(await restarts(scene), [0, 0]);
  },
);

const KILL_SERVER = `
  const fs = require('fs');
  for (const pid of fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name))) {
    if (fs.readFileSync('/proc/' + pid + '/cmdline', 'utf8').includes('berth.js')) process.kill(Number(pid), 'SIGKILL');
  }`;

/** Does harm, waits until a container was started again and all pods are ready, and says how long that took. */
async function recovered(scene: Scene, what: string, harm: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  await harm();
  await scene.until(
    'a container was started again',
    async () => (await restarts(scene)).some((count) => count > 0),
    200,
  );
  // A hang burns CPU, so there may be more pods than two by now.
  await scene.until('all pods are ready', async () => {
    const statuses = await containers(scene);
    return statuses.length >= 2 && statuses.every(({ ready }) => ready);
  });
  scene.say(`recovered from ${what} in ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

async function restarts(scene: Scene): Promise<readonly number[]> {
  return (await containers(scene)).map(({ restartCount }) => restartCount);
}

async function containers(scene: Scene): Promise<readonly ContainerStatus[]> {
  return (await scene.pods()).flatMap(({ status }) => status.containerStatuses ?? []);
}

import { presentConfig } from '../../scripts/manifests.ts';
import { podPatch, type Scene } from './scenario.ts';

const CRASHES = 'docs/guides/pods-that-crash.md';

/** What a reader has when coming to a document, or to a part of it ("document, heading"): nothing where it is not here. */
export const GIVEN: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  'docs/guides/deployment-checklist.md': (scene) => scene.given.application(),
  [`${CRASHES}, Where to begin`]: async (scene) => {
    await withWrongSetting(scene);
    await scene.until('both pods wait to be started again', async () => {
      const path = '{.items[*].status.containerStatuses[0].state.waiting.reason}';
      const reasons = await scene.kubectl('get', 'pods', '-o', `jsonpath=${path}`);
      return reasons === 'CrashLoopBackOff CrashLoopBackOff';
    });
  },
  [`${CRASHES}, Pending`]: (scene) => {
    const memory = '100Gi';
    return withContainer(scene, { resources: { requests: { memory }, limits: { memory } } });
  },
  [`${CRASHES}, ContainerCreating`]: (scene) =>
    scene.when.applicationIs({
      deployment: podPatch({ volumes: [{ name: 'config', configMap: { name: 'my-config' } }] }),
    }),
  [`${CRASHES}, The image`]: (scene) => withContainer(scene, { image: 'localhost/berth-server:none' }),
  [`${CRASHES}, A missing setting`]: (scene) => {
    const configMapKeyRef = { name: 'settings', key: 'level' };
    return withContainer(scene, { env: [{ name: 'BERTH_LOG_LEVEL', valueFrom: { configMapKeyRef } }] });
  },
  [`${CRASHES}, CrashLoopBackOff`]: withWrongSetting,
  [`${CRASHES}, Out of memory`]: async (scene) => {
    await scene.given.application({ models: { 'range/1/model.onnx': { file: 'test/models/range.onnx' } } });
    await ask(scene, 'range', '{"inputs":[{"name":"limit","shape":[],"datatype":"INT64","data":[1000000000]}]}');
  },
  [`${CRASHES}, Running but not ready`]: (scene) =>
    scene.when.applicationIs({ models: { 'flowers/1/model.onnx': { file: 'test/models/not-onnx.onnx' } } }),
  [`${CRASHES}, Restarted by liveness`]: async (scene) => {
    await scene.given.application({
      models: {
        'slow/serving.yaml': { text: 'example: { inputs: { trips: [5000] } }\nwarmUp: { runs: 1 }\n' },
        'slow/1/model.onnx': { file: 'test/models/slow.onnx' },
      },
      config: `${presentConfig()}livenessStallMs: 5000\n`,
    });
    await ask(scene, 'slow', '{"inputs":[{"name":"trips","shape":[1],"datatype":"INT64","data":[1000000000000]}]}');
  },
  [`${CRASHES}, Terminating`]: async (scene) => {
    await scene.given.application({
      config: `${presentConfig()}drainDelayMs: 30000\ngracePeriodMs: 40000\n`,
      deployment: podPatch({ terminationGracePeriodSeconds: 45 }),
    });
    const [pod] = await scene.pods();
    await scene.kubectl('delete', 'pod', pod?.metadata.name ?? '', '--wait=false');
  },
  [`${CRASHES}, A quota`]: async (scene) => {
    await scene.kubectl('create', 'quota', 'small', '--hard=pods=1');
    await scene.when.applicationIs({});
  },
  [`${CRASHES}, Pod Security`]: (scene) =>
    withContainer(scene, { securityContext: { allowPrivilegeEscalation: true } }),
  [`${CRASHES}, The autoscaler`]: (scene) => withContainer(scene, { resources: { requests: { cpu: null } } }),
};

function withWrongSetting(scene: Scene): Promise<unknown> {
  return withContainer(scene, { env: [{ name: 'BERTH_LOG_LEVEL', value: 'loud' }] });
}

function withContainer(scene: Scene, container: object): Promise<unknown> {
  return scene.when.applicationIs({ deployment: podPatch({ containers: [{ name: 'server', ...container }] }) });
}

/** Whoever asks for harm gets no answer; after a while the client is ended. */
async function ask(scene: Scene, model: string, body: string): Promise<void> {
  await scene.askFromPod(`/v2/models/${model}/infer`, body).catch(() => '');
}

import assert from 'node:assert/strict';
import { presentConfig } from '../../scripts/manifests.ts';
import { type Models, podPatch, type RunningLoad, type Scene, scenario } from './scenario.ts';
import { NEXT_IMAGE } from './server-images.ts';

/** The iris model as another version of itself, in a repository of its own. */
const IRIS_2: Models = {
  'iris/serving.yaml': { text: 'default: true\nlabels: [setosa, versicolor, virginica]\nversions: all\n' },
  'iris/1/model.onnx': { file: 'examples/models/iris/1/model.onnx' },
  'iris/2/model.onnx': { file: 'examples/models/iris/1/model.onnx' },
};

/** `npm run test:long` sends ten times as many requests, five times as fast. */
const { rate, atLeast } = process.env.BERTH_TEST_LONG
  ? { rate: 1500, atLeast: 100_000 }
  : { rate: 300, atLeast: 10_000 };

const OTHER_NAME = `${presentConfig()}serverName: renamed\n`;

scenario(
  'rolling',
  'Given the application under load, when its image, its configuration and its model change, then no request is lost',
  async (scene) => {
    await scene.given.application();
    const load = await scene.given.load({ rate });
    await scene.until('there is a while to compare with', async () => load.rows.length >= 8);
    const image = podPatch({ containers: [{ name: 'server', image: NEXT_IMAGE }] });
    await roll(scene, load, 'image', () => scene.when.applicationIs({ deployment: image }));
    await roll(scene, load, 'config', () => scene.when.applicationIs({ config: OTHER_NAME, deployment: image }));
    assert.match(await scene.askFromPod('/v2'), /"renamed"/);
    await roll(scene, load, 'model', () =>
      scene.when.applicationIs({ config: OTHER_NAME, deployment: image, models: IRIS_2 }),
    );
    assert.match(await scene.askFromPod('/predict'), /"version":"2"/);
    load.marks.set('after', load.rows.length);
    await scene.until(
      'there is a while to compare with',
      async () => load.rows.length >= 8 + (load.marks.get('after') ?? 0) && load.rows.length * rate > atLeast,
    );
    await scene.then.nothingWasLost(load, atLeast);
  },
);

/** What is wrong in each, and how it is applied. */
const BAD: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  image: (scene) => scene.when.imageIs('localhost/berth-server:none'),
  // By hand: npm run generate refuses it.
  configuration: async (scene) => {
    await scene.when.patched('configmap/model-serving-config', { data: { 'config.yaml': 'logLevl: info\n' } });
    await scene.when.patched('deployment/model-serving', {
      spec: { template: { metadata: { annotations: { 'berth.dev/config-checksum': 'changed' } } } },
    });
  },
  model: (scene) =>
    scene.when.applicationIs({
      models: { ...IRIS_2, 'iris/2/model.onnx': { file: 'test/models/not-onnx.onnx' } },
      deployment: IN_TIME,
    }),
};

// Instead of the two minutes of k8s/deployment.yaml.
const IN_TIME = { spec: { progressDeadlineSeconds: 15 } };

for (const [what, makeBad] of Object.entries(BAD)) {
  scenario(
    `bad-${what}`,
    `Given the application under load, when a bad ${what} is rolled out, then the roll stops, the old pods serve, and scripts/rollback restores`,
    async (scene) => {
      const { code: deployed, output: deploying } = await scene.script('deploy', '--no-build');
      assert.equal(deployed, 0, deploying);
      await scene.when.patched('deployment/model-serving', IN_TIME);
      const load = await scene.given.load({ rate: 100 });
      const good = await scene.template();
      await makeBad(scene);
      await scene.then.rolloutFails();
      assert.equal(await scene.readyPods(), 2);
      const { code, output } = await scene.script('rollback');
      assert.equal(code, 0, output);
      for (const line of output.trim().split('\n')) scene.say(line);
      await scene.then.rolloutEnds();
      assert.deepEqual(await scene.template(), good);
      // A pod that starts now reads the configuration that is there now.
      await scene.kubectl('rollout', 'restart', 'deployment/model-serving');
      await scene.then.rolloutEnds();
      await scene.then.nothingWasLost(load);
    },
  );
}

/** Changes the application and waits until the last pod of before has ended. */
async function roll(scene: Scene, load: RunningLoad, name: string, change: () => Promise<unknown>): Promise<void> {
  load.marks.set(name, load.rows.length);
  await change();
  await scene.then.rolloutEnds();
  await scene.until('the old pods have gone', async () => (await scene.pods()).length === 2);
}

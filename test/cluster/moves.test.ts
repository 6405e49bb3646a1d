import assert from 'node:assert/strict';
import { cluster, scenario } from './scenario.ts';

scenario(
  'deletion',
  'Given the application under load, when one of its pods is deleted, then no request is lost',
  async (scene) => {
    await scene.given.application();
    const load = await scene.given.load({ rate: 300 });
    const [pod] = await scene.pods();
    // This waits until the pod has drained and gone.
    await scene.kubectl('delete', 'pod', pod?.metadata.name ?? '');
    await scene.then.ready(2);
    await scene.then.nothingWasLost(load);
  },
);

scenario(
  'drain',
  'Given two nodes, when one of them is drained, then the budget holds and no request is lost',
  async (scene) => {
    if (cluster.nodes < 2) return scene.skip('the cluster has one node');
    await scene.given.application();
    const load = await scene.given.load({ rate: 300 });
    const pods = await scene.pods();
    assert.equal(new Set(pods.map(({ spec }) => spec.nodeName)).size, 2);
    // The load itself stays where it is.
    const itsNode = await scene.kubectl('get', 'pod', 'berth-load-test', '-o', 'jsonpath={.spec.nodeName}');
    const node = pods.map(({ spec }) => spec.nodeName).find((name) => name !== itsNode) ?? '';
    scene.afterwards(() => scene.kubectl('uncordon', node));
    const selector = '--pod-selector=app.kubernetes.io/name=model-serving';
    await scene.kubectl('drain', node, selector, '--ignore-daemonsets', '--timeout=120s');
    await scene.then.ready(2);
    const left = new Set((await scene.pods()).map(({ spec }) => spec.nodeName));
    assert.deepEqual([...left], [itsNode]);
    await scene.then.nothingWasLost(load);
  },
);

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { cluster, scenario, top } from './scenario.ts';

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
    assert.ok(cluster.nodes > 1, 'this needs a cluster of two nodes or more');
    // A label of their own, so that only these are evicted.
    await scene.given.application({ deployment: { spec: { template: { metadata: { labels: { moves: 'drain' } } } } } });
    const load = await scene.given.load({ rate: 300 });
    const pods = await scene.pods();
    assert.equal(new Set(pods.map(({ spec }) => spec.nodeName)).size, 2);
    // The load itself stays where it is.
    const itsNode = await scene.kubectl('get', 'pod', 'berth-load-test', '-o', 'jsonpath={.spec.nodeName}');
    const node = pods.map(({ spec }) => spec.nodeName).find((name) => name !== itsNode) ?? '';
    // The documents drain a node as well, and two are all that there are.
    await scene.until(
      'no node is cordoned',
      async () => !(await scene.kubectl('get', 'nodes')).includes('Disabled'),
      300,
    );
    scene.afterwards(() => scene.kubectl('uncordon', node));
    await scene.kubectl('drain', node, '--pod-selector=moves=drain', '--ignore-daemonsets', '--timeout=120s');
    await scene.then.ready(2);
    const left = new Set((await scene.pods()).map(({ spec }) => spec.nodeName));
    assert.deepEqual([...left], [itsNode]);
    await scene.then.nothingWasLost(load);
  },
);

scenario(
  'zones',
  'Given nodes in two zones, when k8s/zones/ is applied too, then no zone has two pods more than the other',
  async (scene) => {
    assert.ok(cluster.nodes > 1, 'this needs a cluster of two nodes or more');
    const nodes = (await scene.kubectl('get', 'nodes', '-o', 'name')).trim().split('\n');
    for (const [index, node] of nodes.entries()) {
      await scene.kubectl('label', node, `topology.kubernetes.io/zone=zone-${index}`);
      scene.afterwards(() => scene.kubectl('label', node, 'topology.kubernetes.io/zone-'));
    }
    await scene.kubectl('apply', '-f', join(top, 'k8s'), '-f', join(top, 'k8s/zones'));
    // Two applies are two revisions: the spread is that of the second.
    await scene.then.rolloutEnds();
    await scene.kubectl('scale', 'deployment', 'model-serving', '--replicas=4');
    await scene.then.rolloutEnds();
    await scene.until('those of the first have gone', async () => (await scene.pods()).length === 4);
    const perNode = Object.values(Object.groupBy(await scene.pods(), ({ spec }) => spec.nodeName));
    assert.deepEqual(
      perNode.map((pods) => pods?.length),
      [2, 2],
    );
  },
);

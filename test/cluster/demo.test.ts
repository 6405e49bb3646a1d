import assert from 'node:assert/strict';
import { join } from 'node:path';
import { scenario, top } from './scenario.ts';
import { openTerminal } from './terminal.ts';

scenario(
  'demo',
  'Given an empty namespace, when the demo is typed word for word, then it shows what it says',
  async (scene) => {
    const terminal = openTerminal(scene);
    try {
      terminal.type('kubectl apply -f k8s/');
      await terminal.watch('kubectl get pods -w', (shown) => (shown.match(/ 1\/1 +Running/g) ?? []).length >= 2);
      const forward = await terminal.watch(
        'kubectl port-forward svc/model-serving 8000:80',
        (shown) => shown.includes('Forwarding from'),
        'go on',
      );
      const answer = terminal.type('curl http://localhost:8000/predict');
      await forward();
      assert.equal(JSON.parse(answer).predictions[0].label, 'setosa');
      terminal.type('kubectl scale deployment model-serving --replicas=5');
      await scene.then.ready(5);
      await terminal.watch('kubectl get hpa -w', (shown) => /cpu: \d+%\/70% +2 +10 +\d/.test(shown));
    } finally {
      terminal.end();
    }
  },
);

scenario('apply', 'Given what is applied, when it is applied again, then nothing changes', async (scene) => {
  await scene.given.application();
  assert.equal(await scene.kubectl('diff', '-f', join(top, 'k8s')), '');
  const warnings = await scene.kubectl(
    'get',
    'events',
    '--field-selector=type=Warning',
    '-o',
    'jsonpath={.items[*].reason}',
  );
  // The startup probe asks before the server listens, and the autoscaler before there are metrics: both say so.
  assert.deepEqual(
    warnings.split(' ').filter((reason) => !/^$|Metric|^Unhealthy$/.test(reason)),
    [],
  );
});

scenario('quota', 'Given a namespace with a quota, when k8s/ is applied, then its pods are admitted', async (scene) => {
  const hard = { pods: '12', 'requests.cpu': '3', 'requests.memory': '3Gi', 'limits.memory': '6Gi' };
  await scene.when.applied({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'quota' }, spec: { hard } });
  await scene.given.application();
});

scenario(
  'two',
  'Given the application in one namespace, when it is applied in another, then both answer for themselves',
  async (scene) => {
    await scene.given.application();
    const other = await scene.given.anotherNamespace('two-more');
    await other.given.application();
    for (const each of [scene, other]) {
      assert.match(await each.askFromPod('/predict'), /"setosa"/);
    }
  },
);

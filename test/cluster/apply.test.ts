import assert from 'node:assert/strict';
import { join } from 'node:path';
import { scenario, top } from './scenario.ts';

scenario('apply', 'Given what is applied, when it is applied again, then nothing changes', async (scene) => {
  await scene.given.application();
  assert.equal(await scene.kubectl('diff', '-f', join(top, 'k8s')), '');
  // What admission refuses is an event of the ReplicaSet. Others, such as a mount that is tried again, come and go.
  const reasons = await scene.kubectl('get', 'events', '-o', 'jsonpath={.items[*].reason}');
  assert.match(reasons, /SuccessfulCreate/);
  assert.doesNotMatch(reasons, /FailedCreate/);
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

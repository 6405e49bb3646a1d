import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Manifest, plainManifests } from './plain-manifests.ts';

type Json = { readonly [key: string]: Json } & readonly Json[] & string & number;

const manifests = plainManifests('1.2.3', (text) => `sum of ${text.length}`);
const objectOf = (kind: string) => manifests.find(({ object }) => object.kind === kind)?.object as unknown as Json;
const deployment = objectOf('Deployment');
const pod = deployment.spec?.template as Json;
const [container] = pod.spec?.containers as unknown as readonly [Json];

const promises: ReadonlyArray<readonly [what: string, found: unknown, expected: unknown]> = [
  [
    'one object of each kind',
    manifests.map(({ object }) => object.kind),
    [
      'ServiceAccount',
      'ConfigMap',
      'Deployment',
      'Service',
      'HorizontalPodAutoscaler',
      'PodDisruptionBudget',
      'NetworkPolicy',
    ],
  ],
  ['no kind of its own', manifests.some(({ object }) => object.apiVersion.includes('berth')), false],
  ['no namespace, so that -n works', manifests.some(({ object }) => 'namespace' in object.metadata), false],
  ['no replicas: the autoscaler owns them', 'replicas' in (deployment.spec as object), false],
  ['the image of this version', container.image, 'localhost/berth-server:1.2.3'],
  [
    'a selector that the pods have',
    Object.entries(deployment.spec?.selector?.matchLabels as object).every(
      ([key, value]) => (pod.metadata?.labels as Record<string, unknown>)[key] === value,
    ),
    true,
  ],
  ['a Service that picks the pods', objectOf('Service').spec?.selector, deployment.spec?.selector?.matchLabels],
  [
    'a Service from 80 to a port of the container by name',
    (objectOf('Service').spec?.ports as readonly Json[]).map(({ port, targetPort }) => [port, targetPort]),
    [[80, 'http']],
  ],
  [
    'an autoscaler of the Deployment',
    objectOf('HorizontalPodAutoscaler').spec?.scaleTargetRef,
    { apiVersion: 'apps/v1', kind: 'Deployment', name: 'model-serving' },
  ],
  [
    'the ConfigMap where the image looks',
    [pod.spec?.volumes, container.volumeMounts],
    [
      [{ name: 'config', configMap: { name: 'model-serving-config' } }],
      [{ name: 'config', mountPath: '/etc/berth', readOnly: true }],
    ],
  ],
  [
    'a roll when the configuration changes',
    pod.metadata?.annotations,
    { 'berth.dev/config-checksum': `sum of ${String(objectOf('ConfigMap').data?.['config.yaml']).length}` },
  ],
  [
    'no token for the pods',
    [objectOf('ServiceAccount').automountServiceAccountToken, pod.spec?.automountServiceAccountToken],
    [false, false],
  ],
];

for (const [what, found, expected] of promises) {
  test(`the plain manifests have ${what}`, () => assert.deepEqual(found, expected));
}

test('a pod has the longest time that its server takes, and five seconds more', () =>
  assert.equal(pod.spec?.terminationGracePeriodSeconds, 30));

test('every comment speaks of a field that is there', () => {
  const find = ({ object, comments }: Manifest) =>
    Object.keys(comments).filter(
      (path) =>
        path
          .split('.')
          .reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], object) ===
        undefined,
    );
  assert.deepEqual(manifests.flatMap(find), []);
});

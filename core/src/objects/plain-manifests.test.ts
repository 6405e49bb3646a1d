import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Manifest, plainManifests } from './plain-manifests.ts';

const CONFIG = 'logLevel: debug\n';
const manifests = plainManifests('1.2.3', { yaml: CONFIG, checksum: 'sum' });
/** Those that `kubectl apply -f k8s/` applies. */
const direct = manifests.filter(({ file }) => !file.includes('/'));

/** What stands at a path of the object of a kind, such as `spec.template`. */
function at(kind: string, path: string): unknown {
  return inside(manifests.find(({ object }) => object.kind === kind)?.object, path);
}

function inside(value: unknown, path: string): unknown {
  return path
    .split('/')
    .reduce<unknown>((found, step) => (found as Readonly<Record<string, unknown>> | undefined)?.[step], value);
}

const POD = 'spec/template/spec';
const LABELS = { 'app.kubernetes.io/name': 'model-serving' };

const promises: ReadonlyArray<readonly [what: string, found: unknown, expected: unknown]> = [
  [
    'one object of each kind',
    direct.map(({ object }) => object.kind),
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
  ['only kinds that every cluster has', direct.filter(({ object }) => /\.dev|gateway/.test(object.apiVersion)), []],
  [
    'in folders beside what some clusters need',
    manifests.filter((manifest) => !direct.includes(manifest)).map(({ object }) => object.kind),
    ['Secret', 'Ingress', 'HTTPRoute', 'Deployment'],
  ],
  ['no namespace, so that -n works', manifests.filter(({ object }) => 'namespace' in object.metadata), []],
  ['no replicas: the autoscaler owns them', at('Deployment', 'spec/replicas'), undefined],
  ['the image of this version', at('Deployment', `${POD}/containers/0/image`), 'localhost/berth-server:1.2.3'],
  ['a selector', at('Deployment', 'spec/selector/matchLabels'), LABELS],
  ['a Service that picks the pods', at('Service', 'spec/selector'), LABELS],
  ['a Service from 80', at('Service', 'spec/ports/0'), { name: 'http', port: 80, targetPort: 'http' }],
  ['the port it means', at('Deployment', `${POD}/containers/0/ports/0`), { name: 'http', containerPort: 8000 }],
  ['a budget for the pods', at('PodDisruptionBudget', 'spec/selector/matchLabels'), LABELS],
  ['a policy for the pods', at('NetworkPolicy', 'spec/podSelector/matchLabels'), LABELS],
  [
    'an autoscaler of the Deployment',
    at('HorizontalPodAutoscaler', 'spec/scaleTargetRef'),
    { apiVersion: 'apps/v1', kind: 'Deployment', name: 'model-serving' },
  ],
  ['the configuration as it was given', at('ConfigMap', 'data'), { 'config.yaml': CONFIG }],
  ['the ConfigMap as a volume', at('Deployment', `${POD}/volumes/0/configMap/name`), 'model-serving-config'],
  [
    'the checksum that rolls the pods',
    at('Deployment', 'spec/template/metadata/annotations'),
    { 'berth.dev/config-checksum': 'sum' },
  ],
  ['that volume where the image looks', at('Deployment', `${POD}/containers/0/volumeMounts/0/mountPath`), '/etc/berth'],
  ['the Secret of keys as a volume', at('Deployment', `${POD}/volumes/1/secret/secretName`), 'model-serving-keys'],
  ['pods that start without that Secret', at('Deployment', `${POD}/volumes/1/secret/optional`), true],
  ['keys where the image looks', at('Deployment', `${POD}/containers/0/volumeMounts/1/mountPath`), '/etc/berth/keys'],
  ['no token for the pods', at('Deployment', `${POD}/automountServiceAccountToken`), false],
  ['five seconds more than the server takes', at('Deployment', `${POD}/terminationGracePeriodSeconds`), 30],
];

for (const [what, found, expected] of promises) {
  test(`the plain manifests have ${what}`, () => assert.deepEqual(found, expected));
}

test('the pods have the labels that the selector asks for', () => {
  const labels = at('Deployment', 'spec/template/metadata/labels') as Readonly<Record<string, string>>;
  for (const [key, value] of Object.entries(LABELS)) assert.equal(labels[key], value);
});

test('what the pods need is applied before them, since kubectl goes by the names of the files', () => {
  const before = direct.map(({ file }) => file).filter((file) => file < 'deployment.yaml');
  assert.deepEqual(before, ['account.yaml', 'configmap.yaml']);
});

test('every comment speaks of a field that is there', () => {
  const missing = ({ object, comments }: Manifest) =>
    Object.keys(comments).filter((path) => inside(object, path.replaceAll('.', '/')) === undefined);
  assert.deepEqual(manifests.flatMap(missing), []);
});

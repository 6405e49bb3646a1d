import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { type Answers, runScript } from './run-script.ts';

const local = `localhost/berth-server:${packageJson.version}`;
const ELSEWHERE = 'registry.example.com/berth:1';
const commands = ['kubectl', 'docker', 'kind'];
const KUBECTL = 'kubectl --context=kind-a --namespace=default';

// Keys of the answers of a cluster where everything is well: kind, empty, with a namespace and a metrics API.
const CONTEXT = 'kubectl *config view*';
const VERSION = '*get --raw /version*';
const NAMESPACE = '*get namespace *';
const METRICS = '*get apiservice*';
const NODES = '*get nodes*';
const PODS = '*get pods --all-namespaces*';
const ROLLOUT = '*rollout status*';
const REVISION = '*get deployment *revision}';
const version = (minor: number) => `{\n  "major": "1",\n  "minor": "${minor}",\n  "gitVersion": "v1.${minor}.0"\n}`;
const fine: Answers = {
  [CONTEXT]: 'kind-a|kind-a||',
  [VERSION]: version(37),
  [NAMESPACE]: 'namespace/default',
  '*create --dry-run=client*': '250m|192Mi',
  [NODES]: 'node|one||4|8Gi\n',
  [PODS]: '',
  [METRICS]: 'v1beta1.metrics.k8s.io|True',
  '*get hpa*': '2',
  '*get deployment *updatedReplicas}*': '2|2|2',
  '*get deployment *spec.replicas}': '2',
  [ROLLOUT]: 'deployment "model-serving" successfully rolled out',
  [REVISION]: '1',
};
const far: Answers = { [CONTEXT]: 'far|far.example.com||' };

const deploy = (args: string, answers: Answers = {}) =>
  runScript(`deploy ${args}`.trim(), { commands, answers: { ...fine, ...answers } });

/** What changes the cluster or the machine, in order. */
const changes = (calls: readonly string[]) =>
  calls.filter((call) =>
    /^docker (build|save|push)|^kind load| apply | create namespace | patch configmap /.test(call),
  );
const said = (stdout: string) => stdout.split('\n').filter((line) => line.startsWith('+ '));

const apply = [`${KUBECTL} apply -f ./k8s`];
const record = [`${KUBECTL} patch configmap model-serving-config --type=merge --patch-file=TEMP/last-good.yaml`];
const load = [
  `docker build --build-arg VERSION=${packageJson.version} --tag ${local} .`,
  `docker save --output TEMP/berth-server.tar ${local}`,
  'kind load image-archive TEMP/berth-server.tar --name a',
];
const metricsServer = 'metrics-server/metrics-server.yaml';

const runs: ReadonlyArray<readonly [does: string, args: string, answers: Answers, expected: readonly string[]]> = [
  ['builds, loads, applies, waits, and records what works', '', {}, [...load, ...apply, ...record]],
  [
    'takes the image that is there',
    '--no-build',
    far,
    [...apply, ...record].map((call) => call.replace('kind-a', 'far')),
  ],
  [
    'makes a namespace that is not there',
    '--no-build -n models',
    { [NAMESPACE]: '' },
    [
      'kubectl --context=kind-a --namespace=models create namespace models',
      ...[...apply, ...record].map((call) => call.replace('default', 'models')),
    ],
  ],
  [
    'pushes a name of a registry and applies that name',
    `--image ${ELSEWHERE}`,
    {},
    [
      `docker build --build-arg VERSION=${packageJson.version} --tag ${ELSEWHERE} .`,
      `docker push ${ELSEWHERE}`,
      `${KUBECTL} apply -f TEMP/k8s`,
      ...record,
    ],
  ],
  [
    'installs metrics-server after a yes',
    '--no-build --yes',
    { [METRICS]: '', [CONTEXT]: 'far|far.example.com||' },
    [
      `kubectl --context=far apply -f ./k8s/${metricsServer}`,
      ...[...apply, ...record].map((call) => call.replace('kind-a', 'far')),
    ],
  ],
  [
    'lets metrics-server trust the kubelet of kind',
    '--no-build --yes',
    { [METRICS]: '' },
    ['kubectl --context=kind-a apply -f TEMP/metrics-server.yaml', ...apply, ...record],
  ],
  ['installs no metrics-server without a yes', '--no-build', { [METRICS]: '' }, [...apply, ...record]],
  [
    'leaves a metrics API alone that does not answer',
    '--no-build --yes',
    { [METRICS]: 'v1beta1.metrics.k8s.io|False' },
    [...apply, ...record],
  ],
];

describe('deploy', { concurrency: 2 }, () => {
  for (const [does, args, answers, expected] of runs) {
    test(does, async () => {
      const { code, stdout, stderr, calls } = await deploy(args, answers);
      assert.equal(code, 0, stderr);
      assert.deepEqual(changes(calls), expected);
      assert.match(stdout, /2 of 2 pods ready/);
    });
    test(`${does}: --dry-run says that, and changes nothing`, async () => {
      const { code, stdout, stderr, calls } = await deploy(`--dry-run ${args}`, answers);
      assert.equal(code, 0, stderr);
      assert.deepEqual(changes(calls), []);
      const commands = said(stdout).map((line) => line.slice(2));
      assert.deepEqual(changes(commands), expected);
    });
  }

  test('says that the kubelet is trusted blindly, where it is', async () => {
    const { stdout } = await deploy('--no-build --yes --dry-run', { [METRICS]: '' });
    assert.match(stdout, /--kubelet-insecure-tls, since the kubelet of kind signs its own certificate/);
  });

  test('says how to apply another name again', async () => {
    const { stdout } = await deploy(`--image ${ELSEWHERE} --no-build`);
    assert.match(stdout, new RegExp(`scripts/deploy --image ${ELSEWHERE} --no-build .*\n.*would go back to ${local}`));
  });

  const notes: ReadonlyArray<readonly [that: string, answers: Answers, says: RegExp]> = [
    ['the cluster is newer than what was tried', { [VERSION]: version(38) }, /tried with 1.35 to 1.37; 1.38 is newer/],
    ['there is no metrics API', { [METRICS]: '' }, /the HPA will not scale/],
    ['the metrics API does not answer', { [METRICS]: 'v1beta1.metrics.k8s.io|False' }, /does not answer/],
    ['it cannot see the metrics API', { [METRICS]: { fails: 'Forbidden' } }, /may not see whether/],
    ['it cannot see the nodes', { [NODES]: { fails: 'Forbidden' } }, /not known whether two pods fit/],
  ];
  for (const [that, answers, says] of notes) {
    test(`notes that ${that}, and goes on`, async () => {
      const { code, stderr } = await deploy('--no-build', answers);
      assert.equal(code, 0, stderr);
      assert.match(stderr, says);
    });
  }

  const refusals: ReadonlyArray<readonly [what: string, args: string, answers: Answers, code: number, says: RegExp]> = [
    ['an old cluster', '', { [VERSION]: version(34) }, 1, /Kubernetes 1.34; Berth needs 1.35/],
    [
      'a cluster that is away',
      '',
      { [VERSION]: { fails: 'dial tcp: refused' } },
      1,
      /does not answer: dial tcp: refused/,
    ],
    [
      'who may not',
      '',
      { '*auth can-i create deployments.apps': { fails: 'no' } },
      1,
      /may not do this in namespace default: create deployments.apps\n.*"edit"/,
    ],
    [
      'who may not make the namespace',
      '',
      { [NAMESPACE]: '', '*auth can-i create namespaces': { fails: 'no' } },
      1,
      /no namespace default, and you may not make one/,
    ],
    ['a cluster that takes no image from here, before anything is changed', '', far, 1, /neither kind nor minikube/],
    ['a name without a registry', '--image berth', {}, 2, /must begin with a registry/],
    ['a time that is none', '--timeout soon', {}, 2, /such as 90s or 2m, found soon/],
  ];
  for (const [what, args, answers, code, says] of refusals) {
    test(`refuses ${what}`, async () => {
      const outcome = await deploy(args, answers);
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, says);
      assert.deepEqual(changes(outcome.calls), []);
    });
  }

  const container = (cpu: string, memory: string) => `container|${cpu}|${memory}\n`;
  const rooms: ReadonlyArray<readonly [when: string, nodes: string, pods: string, fits: number]> = [
    ['a node is empty', 'node|one||2|1Gi\n', '', 5],
    ['others take it', 'node|one||1|1Gi\n', `pod|one|other/app\n${container('600m', '')}`, 1],
    ['memory is what is short', 'node|one||4|512Mi\n', `pod|one|other/app\n${container('', '200M')}`, 1],
    [
      'what takes it are pods of an earlier deploy',
      'node|one||1|1Gi\n',
      `pod|one|default/model-serving\n${container('600m', '')}`,
      4,
    ],
    [
      'pods of that name are in another namespace',
      'node|one||1|1Gi\n',
      `pod|one|b/model-serving\n${container('600m', '')}`,
      1,
    ],
    ['it is on two nodes', 'node|one||300m|1Gi\nnode|two||0.3|1073741824\n', '', 2],
    ['no node has room for one', 'node|one||200m|1Gi\nnode|two||200m|1Gi\n', '', 0],
    [
      'a node takes no pods',
      'node|one|true|4|8Gi\nnode|two|NoSchedule|4|8Gi\nnode|three|PreferNoSchedule|4|8Gi\n',
      '',
      0,
    ],
    ['a pod waits for a node', 'node|one||500m|1Gi\n', `pod||other/app\n${container('4', '4Gi')}`, 2],
    [
      'an initialisation takes more than the pod',
      'node|one||1|1Gi\n',
      `pod|one|other/app\n${container('100m', '')}init|600m||\ninit|200m||\n`,
      1,
    ],
    [
      'a sidecar takes its part beside the pod',
      'node|one||1|1Gi\n',
      `pod|one|other/app\n${container('300m', '')}init|300m||Always\n`,
      1,
    ],
  ];
  for (const [when, nodes, pods, fits] of rooms) {
    test(`counts room for ${fits} when ${when}`, async () => {
      const { code, stdout, stderr } = await deploy('--no-build --dry-run', { [NODES]: nodes, [PODS]: pods });
      if (fits >= 2) assert.match(stdout, /room for two pods: \d+\.\d\d CPU and \d+ MiB are free/);
      else assert.match(stderr, new RegExp(`room for ${fits} of two pods: each wants 250m CPU and 192Mi; free are`));
      assert.equal(code, fits >= 2 ? 0 : 1);
    });
  }

  test('says of each pod that is not ready why, and what to do', async () => {
    const { code, stderr, calls } = await deploy('--no-build', {
      [ROLLOUT]: { fails: 'error: timed out waiting for the condition\n' },
      '*get pods -l *': 'bad|False|3\ngood|True|0\n',
      '*get pod bad *': 'not ready, waiting: CrashLoopBackOff; restarted 3 times, last ended with code 2 (Error); ',
      '*get events *involvedObject.name=bad,*': 'Back-off restarting failed container\n',
      '*logs bad --previous*': 'berth: colour: expected one of the fields\n',
    });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /timed out.*\n {2}bad: not ready, waiting: CrashLoopBackOff; restarted 3 times, last ended with code 2 \(Error\)\n {4}last warning: Back-off.*\n {4}log: berth: colour/,
    );
    assert.doesNotMatch(stderr, /good/);
    assert.match(stderr, /scripts\/collect-diagnostics --context kind-a -n default\n.*scripts\/rollback/);
    assert.deepEqual(changes(calls), apply, 'a configuration that does not work is not recorded');
  });
});

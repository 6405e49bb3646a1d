import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type Answers, runScript } from './run-script.ts';

const folder = mkdtempSync(join(tmpdir(), 'berth-diagnostics-test-'));
after(() => rmSync(folder, { recursive: true }));

const healthy: Answers = {
  'kubectl *config view*': 'kind-a|kind-a||',
  '*get --raw /version*': '{"gitVersion": "v1.37.2"}',
  '*get deployment *-o name': 'deployment.apps/model-serving',
  '*get deployment *updatedReplicas}*': '2|2|2',
  '*get pods *restartCount}*': 'good|True|0\n',
  '*get secrets *go-template=*': 'keys (Opaque): alice bob\n',
  '*logs good*': 'a line of the log\n',
};
const broken: Answers = {
  ...healthy,
  '*get pods *restartCount}*': 'good|True|0\nbad|False|3\n',
  '*get pod bad *': 'not ready, waiting: CrashLoopBackOff; restarted 3 times, last ended with code 137 (OOMKilled); ',
  '*get deployments *go-template=*': '  deployment: Progressing is False (ProgressDeadlineExceeded): late\n',
  '*get hpa *': '  autoscaler: ScalingActive is False (FailedGetResourceMetric): no metrics\n',
  '*top nodes': { fails: 'error: Metrics API not available\n' },
};

async function collect(answers: Answers) {
  const output = join(folder, 'out.tar.gz');
  const outcome = await runScript(`collect-diagnostics -o ${output}`, { answers });
  assert.equal(outcome.code, 0, outcome.stderr);
  execFileSync('tar', ['-xzf', output, '-C', folder]);
  const file = (name: string) => readFileSync(join(folder, 'berth-diagnostics', name), 'utf8');
  return { ...outcome, file };
}

describe('collect-diagnostics', () => {
  test('finds nothing wrong where nothing is', async () => {
    const { stdout, stderr, file } = await collect(healthy);
    assert.match(file('summary.txt'), /Kubernetes v1\.37\.2, 2 of 2 pods ready.*What looks wrong:\n {2}nothing\n$/s);
    assert.equal(stderr, '');
    assert.ok(stdout.includes(file('summary.txt')), 'the summary is shown as well');
    assert.equal(file('pods/good/log.txt'), 'a line of the log\n');
  });

  test('says first what looks wrong, and what could not be read', async () => {
    const { file, stderr, calls } = await collect(broken);
    const [, wrong = ''] = file('summary.txt').split('What looks wrong:\n');
    assert.deepEqual(wrong.trimEnd().split('\n'), [
      '  deployment: Progressing is False (ProgressDeadlineExceeded): late',
      '  autoscaler: ScalingActive is False (FailedGetResourceMetric): no metrics',
      '  pod bad: not ready, waiting: CrashLoopBackOff; restarted 3 times, last ended with code 137 (OOMKilled)',
      '',
      'What could not be read:',
      '  top-nodes.txt: error: Metrics API not available',
    ]);
    assert.match(stderr, /top-nodes\.txt: error: Metrics API/);
    assert.ok(calls.some((call) => call.endsWith('logs bad --timestamps --previous')));
    assert.ok(calls.some((call) => call.endsWith('get --raw /api/v1/namespaces/default/pods/bad:8002/proxy/metrics')));
  });

  test('takes of Secrets the names and the names of their keys alone', async () => {
    const { calls, file } = await collect(healthy);
    const ofSecrets = calls.filter((call) => /secret/i.test(call));
    assert.equal(ofSecrets.length, 1);
    const [printed] = (ofSecrets[0]?.match(/\{\{range \$key.*?\{\{end\}\}/) ?? []) as string[];
    assert.equal(printed, '{{range $key, $value := .data}} {{$key}}{{end}}');
    assert.equal(file('objects/secrets-without-values.txt'), 'keys (Opaque): alice bob\n');
    assert.ok(!calls.some((call) => / get all | describe all |config view .*--raw/.test(call)));
  });
});

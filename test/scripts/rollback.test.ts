import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answers, runScript } from './run-script.ts';

const KUBECTL = 'kubectl --context=kind-a --namespace=default';
const undo = (revision: number) => `${KUBECTL} rollout undo deployment/model-serving --to-revision=${revision}`;
const restore = `${KUBECTL} patch configmap model-serving-config --type=merge --patch-file=TEMP/configuration.yaml`;

const rollback = (args: string, current: number, sets: readonly string[], answers: Answers = {}) =>
  runScript(`rollback ${args}`.trim(), {
    answers: {
      'kubectl *config view*': 'kind-a|kind-a||',
      '*get deployment *-o name': 'deployment.apps/model-serving',
      '*get deployment *revision}': `${current}`,
      '*get deployment *updatedReplicas}*': '2|2|2',
      '*get replicasets*': sets.map((set) => `${set}\n`).join(''),
      '*get configmap *eq .*': 'same',
      ...answers,
    },
  });

const changes = (calls: readonly string[]) =>
  calls.filter((call) => / rollout undo | patch configmap | delete /.test(call));

// ReplicaSets as they were made, the oldest first: revision, ready pods, image, checksum of the configuration.
const cases: ReadonlyArray<
  readonly [goes: string, current: number, sets: readonly string[], args: string, expected: readonly string[]]
> = [
  ['to the one that still serves', 3, ['1|0|a|c', '2|2|b|c', '3||bad|c'], '', [undo(2)]],
  ['to the newest of those that still serve', 4, ['1|1|a|c', '2|1|b|c', '3||bad|c', '4||bad|c'], '', [undo(2)]],
  ['to one before a failed one, if only that serves', 3, ['1|2|a|c', '2||bad|c', '3||bad|c'], '', [undo(1)]],
  ['to the one before, if only the current one serves', 3, ['1|0|a|c', '2||b|c', '3|2|c|c'], '', [undo(2)]],
  ['to the one that is asked for', 3, ['1||a|c', '2||b|c', '3|2|c|c'], '--to-revision 1', [undo(1)]],
  ['nowhere with one revision', 1, ['1|2|a|c'], '', []],
  ['nowhere when it is asked for the current one', 2, ['1||a|c', '2|2|b|c'], '--to-revision 2', []],
  ['not forth again to what failed', 3, ['3|2|a|c', '2||bad|c'], '', []],
  ['further back the second time', 4, ['1||a|c', '4|2|b|c', '3||bad|c'], '', [undo(1)]],
];

describe('rollback', { concurrency: 2 }, () => {
  for (const [goes, current, sets, args, expected] of cases) {
    test(`goes ${goes}`, async () => {
      const { code, stdout, stderr, calls } = await rollback(args, current, sets);
      assert.equal(code, 0, stderr);
      assert.deepEqual(changes(calls), expected);
      assert.match(stdout, expected.length === 0 ? /nothing to roll back/ : /serves: 2 of 2 pods ready/);
    });
  }

  const failed = ['1|2|image:a|aaa', '2||image:b|bbb'];
  const differs: Answers = { '*get configmap *eq .*': 'differs' };

  test('shows what is now and what it goes back to', async () => {
    const { stdout } = await rollback('--dry-run', 2, failed);
    assert.match(
      stdout,
      /now {6}revision 2, 0 ready, image image:b, configuration bbb\n {2}back to {2}revision 1, 2 ready, image image:a, configuration aaa/,
    );
  });

  test('puts the configuration back before the pods', async () => {
    const { code, stderr, calls } = await rollback('', 2, failed, differs);
    assert.equal(code, 0, stderr);
    assert.deepEqual(changes(calls), [restore, undo(1)]);
  });

  test('--dry-run says exactly that, and changes nothing', async () => {
    const { code, stdout, calls } = await rollback('--dry-run', 2, failed, differs);
    const said = stdout.split('\n').filter((line) => line.startsWith('+ '));
    assert.deepEqual([code, changes(calls)], [0, []]);
    assert.deepEqual(
      changes(said),
      [restore, undo(1)].map((call) => `+ ${call}`),
    );
  });

  test('only puts the configuration back where the pods are the right ones, and replaces those that fail', async () => {
    const { code, stderr, calls } = await rollback('', 1, ['1|1|a|c'], {
      ...differs,
      '*get pods -l *': 'bad|False|3\ngood|True|0\n',
    });
    assert.equal(code, 0, stderr);
    assert.deepEqual(changes(calls), [restore, `${KUBECTL} delete pods bad`]);
  });

  test('says how to put a configuration back that was never recorded', async () => {
    const { code, stderr, calls } = await rollback('', 2, failed, { '*get configmap *eq .*': '' });
    assert.equal(code, 0);
    assert.match(stderr, /no record of a configuration that worked.*\n.*apply -f \.\/k8s\/configmap\.yaml/);
    assert.deepEqual(changes(calls), [undo(1)]);
  });

  test('says that a configuration that worked stays, though the revision had another', async () => {
    const { stderr } = await rollback('', 2, failed);
    assert.match(stderr, /the configuration stays as it is/);
  });

  const refusals: ReadonlyArray<readonly [what: string, args: string, answers: Answers, code: number, says: RegExp]> = [
    ['a revision that is not there', '--to-revision 7', {}, 1, /there is no revision 7; there are: 1 2/],
    ['a revision that is no number', '--to-revision last', {}, 2, /number of a revision, found last/],
    [
      'when nothing is deployed',
      '',
      { '*get deployment *-o name': '' },
      1,
      /no deployment model-serving.*\n.*scripts\/deploy/,
    ],
    [
      'to say it is done when the pods are not ready',
      '',
      { '*rollout status*': { fails: 'error: timed out\n' } },
      1,
      /not ready after 120s\n.*collect-diagnostics/,
    ],
  ];
  for (const [what, args, answers, code, says] of refusals) {
    test(`refuses ${what}`, async () => {
      const outcome = await rollback(args, 2, failed, answers);
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, says);
    });
  }
});

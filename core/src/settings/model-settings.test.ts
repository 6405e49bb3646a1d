import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, problemText } from '../schema/index.ts';
import { MODEL_SETTINGS, type ModelSettings } from './model-settings.ts';

const digest = 'c66e12aa21162451d75d6a05e78c61486e074a694b3e5650b79007f37aef7028';

/** In the forms of the examples: a table of named columns, a picture, and several inputs. */
const taken: ReadonlyArray<readonly [does: string, settings: ModelSettings]> = [
  [
    'named columns, classes and an example by feature',
    {
      features: ['sepal_length_cm', 'sepal_width_cm', 'petal_length_cm', 'petal_width_cm'],
      labels: ['setosa', 'versicolor', 'virginica'],
      example: { sepal_length_cm: 5.1, sepal_width_cm: 3.5, petal_length_cm: 1.4, petal_width_cm: 0.2 },
      sha256: { '1/model.onnx': digest },
    },
  ],
  [
    'quoted digits as classes and a row as the example',
    { labels: ['0', '1', '2'], example: [0, 0, 8, 16], sha256: { '1/model.onnx': digest } },
  ],
  [
    'an example for several inputs',
    { example: { inputs: { sr: 16000, input: [[0, 0]], state: [[[0]], [[0]]] } }, sha256: { '1/model.onnx': digest } },
  ],
  ['no settings', {}],
  ['warm-up and batching', { warmUp: { runs: 1 }, batching: { maxRows: 4096 } }],
  ['the latest version', { versions: 'latest' }],
  ['all versions', { versions: 'all' }],
  ['some versions', { versions: [1, 3] }],
  ['the default model', { default: true }],
];

for (const [does, settings] of taken) {
  test(`serving.yaml takes ${does}`, () =>
    assert.deepEqual(check(MODEL_SETTINGS, settings), { ok: true, value: settings }));
}

const VERSIONS = 'one of "latest", "all", or a list of at least 1, each a whole number from 1 to 9007199254740991';

const refused: ReadonlyArray<readonly [does: string, settings: unknown, ...problems: string[]]> = [
  ['a mistyped field', { lables: ['a'] }, 'lables: expected "labels" perhaps, found the unknown field "lables"'],
  ['another case', { warmup: {} }, 'warmup: expected "warmUp" perhaps, found the unknown field "warmup"'],
  [
    'a mistyped field inside another',
    { batching: { maxRow: 1 } },
    'batching.maxRow: expected "maxRows" perhaps, found the unknown field "maxRow"',
  ],
  [
    'an unknown field',
    { replicas: 3 },
    'replicas: expected one of the fields features, labels, example, default, warmUp, batching, versions, sha256, ' +
      'found the unknown field "replicas"',
  ],
  ['labels without quotes', { labels: [0, 'one'] }, 'labels[0]: expected a text (quote numbers: "0"), found 0'],
  ['an empty label', { labels: [''] }, 'labels[0]: expected a text (quote numbers: "0"), found ""'],
  ['a label twice', { labels: ['a', 'a'] }, 'labels: expected each entry once, found "a" twice'],
  ['a feature twice', { features: ['a', 'a'] }, 'features: expected each entry once, found "a" twice'],
  ['one label', { labels: 'a' }, 'labels: expected a list of at least 1, each a text (quote numbers: "0"), found "a"'],
  ['no warm-up runs', { warmUp: { runs: 0 } }, 'warmUp.runs: expected a whole number from 1 to 1000, found 0'],
  [
    'batches without end',
    { batching: { maxRows: 5000 } },
    'batching.maxRows: expected a whole number from 1 to 4096, found 5000',
  ],
  ['a version that is no number', { versions: ['1'] }, `versions: expected ${VERSIONS}, found ["1"]`],
  ['no versions', { versions: [] }, `versions: expected ${VERSIONS}, found []`],
  ['no labels', { labels: [] }, 'labels: expected a list of at least 1, each a text (quote numbers: "0"), found []'],
  ['no features', { features: [] }, 'features: expected a list of at least 1, each a text, found []'],
  ['a default in words', { default: 'yes' }, 'default: expected true or false, found "yes"'],
  ['other versions', { versions: 'newest' }, `versions: expected ${VERSIONS}, found "newest"`],
  [
    'a digest in capitals',
    { sha256: { '1/model.onnx': digest.toUpperCase() } },
    `sha256.1/model.onnx: expected 64 lower-case hexadecimal digits, found "${digest.toUpperCase().slice(0, 56)}…`,
  ],
  [
    'a digest that is cut off',
    { sha256: { '1/model.onnx': 'abc' } },
    'sha256.1/model.onnx: expected 64 lower-case hexadecimal digits, found "abc"',
  ],
  [
    'a list',
    [],
    'the document: expected an object with the fields features, labels, example, default, warmUp, batching, versions, sha256, ' +
      'found []',
  ],
];

for (const [does, settings, ...problems] of refused) {
  test(`serving.yaml refuses ${does}`, () => {
    const checked = check(MODEL_SETTINGS, settings);
    assert.deepEqual(checked.ok ? [] : checked.problems.map(problemText), problems);
  });
}

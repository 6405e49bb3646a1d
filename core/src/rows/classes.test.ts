import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Datatype, Tensor, TensorSpec } from '../inference/index.ts';
import { shortFloat32 } from '../json-tensors/index.ts';
import { aSignature, aSpec, aTensor } from '../testing.ts';
import {
  type Classes,
  findClasses,
  notProbabilities,
  predictionRows,
  writeOutputs,
  writePredictions,
} from './classes.ts';

const labels = ['ant', 'bee', 'cat'];
const label = aSpec({ name: 'label', datatype: 'INT64', shape: [-1] });
const probabilities = aSpec({ name: 'probabilities', shape: [-1, 3] });

const found: ReadonlyArray<readonly [does: string, outputs: readonly TensorSpec[], expected: Omit<Classes, 'labels'>]> =
  [
    ['probabilities and label', [label, probabilities], { probabilities: 1, label: 0 }],
    ['probabilities alone', [probabilities], { probabilities: 0, label: undefined }],
    ['a label alone', [label], { probabilities: undefined, label: 0 }],
    ['a text label', [aSpec({ datatype: 'BYTES', shape: [-1] })], { probabilities: undefined, label: 0 }],
    ['FP64 probabilities', [aSpec({ datatype: 'FP64', shape: [-1, 3] })], { probabilities: 0, label: undefined }],
    ['probabilities of an open width', [aSpec({ shape: [-1, -1] })], { probabilities: 0, label: undefined }],
    ['them among other outputs', [aSpec({ shape: [-1, 8] }), probabilities], { probabilities: 1, label: undefined }],
  ];

for (const [does, outputs, expected] of found) {
  test(`findClasses finds ${does}`, () =>
    assert.deepEqual(findClasses(aSignature({ outputs }), labels), { ok: true, classes: { labels, ...expected } }));
}

const unfound: ReadonlyArray<readonly [does: string, outputs: readonly TensorSpec[], found: string]> = [
  [
    'two outputs of another width, even beside a label',
    [label, aSpec({ name: 'p', shape: [-1, 4] }), aSpec({ name: 'q', shape: [-1, 5] })],
    '"label" INT64 [-1], "p" FP32 [-1,4], "q" FP32 [-1,5]',
  ],
  [
    'two that could be probabilities',
    [probabilities, aSpec({ name: 'logits', shape: [-1, 3] })],
    '"probabilities" FP32 [-1,3], "logits" FP32 [-1,3]',
  ],
  ['two that could be labels', [label, { ...label, name: 'second' }], '"label" INT64 [-1], "second" INT64 [-1]'],
  ['booleans', [aSpec({ name: 'is', datatype: 'BOOL', shape: [-1] })], '"is" BOOL [-1]'],
  ['one number for each row', [aSpec({ name: 'price', shape: [-1] })], '"price" FP32 [-1]'],
];

for (const [does, outputs, text] of unfound) {
  test(`findClasses finds no classes in ${does}`, () =>
    assert.deepEqual(findClasses(aSignature({ outputs }), labels), {
      ok: false,
      problem:
        'labels: expected one float output of shape [-1,3] with the probabilities, or one integer or text output of ' +
        `shape [-1] with the class, found ${text}`,
    }));
}

for (const outputs of [[aSpec({ name: 'p', shape: [-1, 4] })], [label, aSpec({ name: 'p', shape: [-1, 4] })]]) {
  test(`findClasses counts the labels where ${outputs.length === 1 ? 'there are only probabilities' : 'a label is there too'}`, () =>
    assert.deepEqual(findClasses(aSignature({ outputs }), labels), {
      ok: false,
      problem: 'labels: expected 4 labels, one per column of output "p", found 3',
    }));
}

const both: Classes = { labels, probabilities: 1, label: 0 };
const onlyProbabilities: Classes = { labels, probabilities: 0, label: undefined };
const onlyLabel: Classes = { labels, probabilities: undefined, label: 0 };

function rows(shape: readonly number[], ...elements: number[]): Tensor {
  return aTensor({ name: 'p', shape, data: Float32Array.from(elements) });
}
const wrong = (what: string) =>
  `labels: expected probabilities in output "p", found ${what}; end the model with a softmax, or leave labels out`;

const judged: ReadonlyArray<readonly [does: string, output: Tensor, expected: string | undefined]> = [
  ['takes a row that sums to 1', rows([1, 3], 0.25, 0.25, 0.5), undefined],
  ['takes a little rounding', rows([1, 3], 1.0005, -0.0005, 0.001), undefined],
  ['takes several rows', rows([2, 3], 0.25, 0.25, 0.5, 1, 0, 0), undefined],
  ['refuses a row that sums to something else', rows([1, 3], 0.25, 0.25, 0.25), wrong('a row that sums to 0.75')],
  ['refuses numbers above 1', rows([1, 3], 2, -1, 0), wrong('2')],
  ['refuses numbers below 0, whatever the sum', rows([1, 3], 1, -1, 1), wrong('-1')],
  ['refuses NaN', rows([1, 3], Number.NaN, 0, 1), wrong('NaN')],
  ['refuses a later row', rows([2, 3], 1, 0, 0, 0.5, 0, 0), wrong('a row that sums to 0.5')],
  [
    'counts the columns',
    rows([1, 4], 0.25, 0.25, 0.25, 0.25),
    'labels: expected 4 labels, one per column of output "p", found 3',
  ],
  [
    'counts the columns, not the elements',
    rows([2, 2], 0.5, 0.5, 0.5, 0.5),
    'labels: expected 2 labels, one per column of output "p", found 3',
  ],
];

for (const [does, output, expected] of judged) {
  test(`notProbabilities ${does}`, () => assert.equal(notProbabilities(onlyProbabilities, [output]), expected));
}

test('notProbabilities has nothing to say where there is only a label', () =>
  assert.equal(notProbabilities(onlyLabel, [aTensor({ datatype: 'INT64', shape: [1] })]), undefined));

function integers(datatype: Datatype, ...elements: number[]): Tensor {
  const data = datatype === 'INT64' ? BigInt64Array.from(elements, BigInt) : Int32Array.from(elements);
  return aTensor({ datatype, shape: [elements.length], data });
}

const written: ReadonlyArray<readonly [does: string, Classes, outputs: readonly Tensor[], expected: unknown]> = [
  [
    'the most probable label of each row',
    onlyProbabilities,
    [rows([2, 3], 0.1, 0.6, 0.3, 0.7, 0.2, 0.1)],
    [
      { label: 'bee', probabilities: { ant: 0.1, bee: 0.6, cat: 0.3 } },
      { label: 'ant', probabilities: { ant: 0.7, bee: 0.2, cat: 0.1 } },
    ],
  ],
  [
    'the first of two that are as probable',
    onlyProbabilities,
    [rows([1, 3], 0, 0.5, 0.5)],
    [{ label: 'bee', probabilities: { ant: 0, bee: 0.5, cat: 0.5 } }],
  ],
  [
    'the label that the model chose, even against its probabilities',
    both,
    [integers('INT64', 2), rows([1, 3], 1, 0, 0)],
    [{ label: 'cat', probabilities: { ant: 1, bee: 0, cat: 0 } }],
  ],
  ['a label alone', onlyLabel, [integers('INT64', 1, 0)], [{ label: 'bee' }, { label: 'ant' }]],
  ['a label of 32 bits', onlyLabel, [integers('INT32', 2)], [{ label: 'cat' }]],
  ['a label without a name as its number', onlyLabel, [integers('INT64', 3, -1)], [{ label: '3' }, { label: '-1' }]],
  [
    'a text label as it is',
    both,
    [aTensor({ datatype: 'BYTES', shape: [1], data: ['a "b"'] }), rows([1, 3], 1, 0, 0)],
    [{ label: 'a "b"', probabilities: { ant: 1, bee: 0, cat: 0 } }],
  ],
  [
    'a column without a name by its number',
    { ...onlyProbabilities, labels: ['ant', 'bee'] },
    [rows([2, 3], 1, 0, 0, 0, 0, 1)],
    [
      { label: 'ant', probabilities: { ant: 1, bee: 0, 2: 0 } },
      { label: '2', probabilities: { ant: 0, bee: 0, 2: 1 } },
    ],
  ],
  [
    'FP64 in all its digits',
    { ...onlyProbabilities, labels: ['ant'] },
    [aTensor({ datatype: 'FP64', shape: [1, 1], data: Float64Array.of(1 / 3) })],
    [{ label: 'ant', probabilities: { ant: 1 / 3 } }],
  ],
  [
    'NaN as a text',
    { ...onlyProbabilities, labels: ['ant'] },
    [rows([1, 1], Number.NaN)],
    [{ label: 'ant', probabilities: { ant: 'NaN' } }],
  ],
  ['no rows', onlyProbabilities, [rows([0, 3])], []],
];

for (const [does, classes, outputs, expected] of written) {
  test(`writePredictions gives ${does}`, () =>
    assert.deepEqual(JSON.parse(`[${writePredictions(classes, outputs, shortFloat32)}]`), expected));
}

const ranges: ReadonlyArray<readonly [from: number, to: number, expected: readonly string[]]> = [
  [0, 1, ['bee']],
  [1, 3, ['ant', 'cat']],
  [2, 2, []],
];

for (const [from, to, expected] of ranges) {
  test(`writePredictions gives the rows ${from} to ${to}`, () => {
    const text = writePredictions(onlyLabel, [integers('INT64', 1, 0, 2)], shortFloat32, from, to);
    const names = (JSON.parse(`[${text}]`) as { label: string }[]).map(({ label }) => label);
    assert.deepEqual(names, expected);
  });
}

const counted: ReadonlyArray<readonly [does: string, Classes, outputs: readonly Tensor[], expected: number]> = [
  ['rows of probabilities', onlyProbabilities, [rows([2, 3], 1, 0, 0, 0, 1, 0)], 2],
  ['labels', onlyLabel, [integers('INT64', 1, 0, 2)], 3],
  ['no rows', onlyProbabilities, [rows([0, 3])], 0],
];

for (const [does, classes, outputs, expected] of counted) {
  test(`predictionRows counts ${does}`, () => assert.equal(predictionRows(classes, outputs), expected));
}

test('writePredictions escapes labels', () => {
  const text = writePredictions(
    { ...onlyProbabilities, labels: ['"', '__proto__'] },
    [rows([1, 2], 0, 1)],
    shortFloat32,
  );
  assert.equal(text, String.raw`{"label":"__proto__","probabilities":{"\"":0,"__proto__":1}}`);
});

test('writeOutputs gives every output by its name, nested', () =>
  assert.equal(
    writeOutputs([rows([2, 1], 0.1, 2), aTensor({ name: 'say "n"', datatype: 'INT64', shape: [] })], shortFloat32),
    String.raw`{"p":[[0.1],[2]],"say \"n\"":0}`,
  ));

test('writeOutputs refuses what JSON cannot carry', () =>
  assert.throws(() => writeOutputs([aTensor({ name: 'half', datatype: 'FP16' })], shortFloat32), {
    code: 'TensorInvalid',
    message: 'tensor "half" is FP16, which JSON cannot carry: ask for other outputs',
  }));

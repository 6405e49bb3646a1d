import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aSignature, aSpec, aTensor } from '../testing.ts';
import { askedOutputs, checkInputs, inputSpec } from './check-tensors.ts';
import type { Signature, Tensor } from './tensor.ts';

const one = aSignature();
const two = aSignature({
  inputs: [aSpec({ name: 'a', shape: [-1, 3] }), aSpec({ name: 'b', datatype: 'INT64', shape: [-1] })],
});
const a = aTensor({ name: 'a', shape: [2, 3] });
const b = aTensor({ name: 'b', datatype: 'INT64', shape: [2] });

test('checkInputs gives the inputs back', () => assert.deepEqual(checkInputs(two, [a, b]), [a, b]));

test('checkInputs puts the inputs in the order of the signature', () =>
  assert.deepEqual(checkInputs(two, [b, a]), [a, b]));

test('checkInputs takes no inputs for a model that has none', () =>
  assert.deepEqual(checkInputs(aSignature({ inputs: [] }), []), []));

const refusals: ReadonlyArray<readonly [does: string, Signature, readonly Tensor[], message: string]> = [
  ['a missing input', two, [a], 'input "b" is missing: expected 2 input(s) "a", "b", got "a"'],
  ['a request without inputs', one, [], 'input "x" is missing: expected 1 input(s) "x", got none'],
  ['an unknown input', two, [a, aTensor({ name: 'c' })], 'unknown input "c": the model\'s input(s) are "a", "b"'],
  ['an input too many', one, [aTensor(), aTensor({ name: 'z' })], 'unknown input "z": the model\'s input(s) are "x"'],
  ['an input that is given twice', two, [a, a], 'input "a" is given twice'],
  ['an input that is given twice beside all the others', two, [a, b, a], 'input "a" is given twice'],
  [
    'a long name, and repeats only its beginning',
    one,
    [aTensor({ name: 'n'.repeat(1000) })],
    `unknown input "${'n'.repeat(80)}…": the model's input(s) are "x"`,
  ],
  ['another datatype', one, [aTensor({ datatype: 'FP64' })], 'input "x" must have datatype FP32, got FP64'],
  [
    'another datatype, out of order too',
    two,
    [b, aTensor({ name: 'a', datatype: 'INT8', shape: [2, 3] })],
    'input "a" must have datatype FP32, got INT8',
  ],
  [
    'another size of a closed dimension',
    one,
    [aTensor({ shape: [1, 5] })],
    'input "x" must have shape [-1,4] (-1 is any size), got [1,5]',
  ],
  ['another rank', one, [aTensor({ shape: [4] })], 'input "x" must have shape [-1,4] (-1 is any size), got [4]'],
  [
    'another shape where all is closed, and explains no -1',
    aSignature({ inputs: [aSpec({ shape: [2, 2] })] }),
    [aTensor({ shape: [2, 3] })],
    'input "x" must have shape [2,2], got [2,3]',
  ],
  [
    'a dimension of size 0',
    one,
    [aTensor({ shape: [0, 4] })],
    'input "x" has shape [0,4]: every dimension must be at least 1',
  ],
  [
    'a dimension of negative size',
    one,
    [{ ...aTensor(), shape: [-1, 4] }],
    'input "x" has shape [-1,4]: every dimension must be at least 1',
  ],
  [
    'fewer elements than the shape means',
    one,
    [aTensor({ shape: [2, 4], data: new Float32Array(4) })],
    'input "x" has shape [2,4], which means 8 element(s), got 4',
  ],
];

for (const [does, signature, tensors, message] of refusals) {
  test(`checkInputs refuses ${does}`, () =>
    assert.throws(() => checkInputs(signature, tensors), { code: 'TensorInvalid', message }));
}

test('checkInputs takes a scalar', () => {
  const scalar = aTensor({ shape: [] });
  assert.deepEqual(checkInputs(aSignature({ inputs: [aSpec({ shape: [] })] }), [scalar]), [scalar]);
});

test('inputSpec finds an input by name', () => assert.equal(inputSpec(two, 'b'), two.inputs[1]));

test('inputSpec refuses a name that only every object knows', () =>
  assert.throws(() => inputSpec(one, 'constructor'), {
    code: 'TensorInvalid',
    message: 'unknown input "constructor": the model\'s input(s) are "x"',
  }));

const three = aSignature({ outputs: ['p', 'q', 'r'].map((name) => aSpec({ name })) });

const asked: ReadonlyArray<readonly [does: string, names: string[] | undefined, expected: number[] | undefined]> = [
  ['means all when nothing is said', undefined, undefined],
  ['means all when none is named', [], undefined],
  ['gives the places of those named', ['r'], [2]],
  ['keeps the order asked', ['r', 'p', 'q'], [2, 0, 1]],
];

for (const [does, names, expected] of asked) {
  test(`askedOutputs ${does}`, () => assert.deepEqual(askedOutputs(three, names), expected));
}

test('askedOutputs refuses an unknown output', () =>
  assert.throws(() => askedOutputs(three, ['p', 's']), {
    code: 'TensorInvalid',
    message: 'unknown output "s": the model\'s output(s) are "p", "q", "r"',
  }));

test('askedOutputs refuses an output that is asked for twice', () =>
  assert.throws(() => askedOutputs(three, ['p', 'p']), {
    code: 'TensorInvalid',
    message: 'output "p" is asked for twice',
  }));

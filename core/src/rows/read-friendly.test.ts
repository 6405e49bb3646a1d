import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Signature, Tensor } from '../inference/index.ts';
import { InexactInteger } from '../json-tensors/index.ts';
import { aSignature, aSpec, aTensor } from '../testing.ts';
import { readFriendly, readRows } from './read-friendly.ts';

type Features = readonly string[] | undefined;

const flower = aSignature();
const features = ['width', 'height', 'depth', 'weight'];
const image = aSignature({ inputs: [aSpec({ shape: [-1, 2, 1, 3] })] });
const words = aSignature({ inputs: [aSpec({ datatype: 'BYTES', shape: [-1] })] });
const scalar = aSignature({ inputs: [aSpec({ shape: [] })] });
const fixed = aSignature({ inputs: [aSpec({ shape: [1, 3] })] });
const stream = aSignature({
  inputs: [aSpec({ name: 'sound', shape: [-1, -1] }), aSpec({ name: 'rate', datatype: 'INT64', shape: [] })],
});
const pair = aSignature({
  inputs: [aSpec({ name: 'a', shape: [-1, 2] }), aSpec({ name: 'b', datatype: 'INT64', shape: [-1] })],
});
const none = aSignature({ inputs: [] });

const floats = (shape: readonly number[], ...elements: number[]): Tensor =>
  aTensor({ shape, data: Float32Array.from(elements) });
const sound = aTensor({ name: 'sound', shape: [1, 2], data: Float32Array.of(1, 2) });
const rate = aTensor({ name: 'rate', datatype: 'INT64', shape: [], data: BigInt64Array.of(16000n) });

const accepted: ReadonlyArray<
  readonly [does: string, Signature, Features, body: unknown, expected: readonly Tensor[]]
> = [
  ['a row', flower, undefined, [1, 2, 3, 4], [floats([1, 4], 1, 2, 3, 4)]],
  ['a row where features have names', flower, features, [1, 2, 3, 4], [floats([1, 4], 1, 2, 3, 4)]],
  [
    'rows',
    flower,
    undefined,
    [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ],
    [floats([2, 4], 1, 2, 3, 4, 5, 6, 7, 8)],
  ],
  ['a row by feature', flower, features, { width: 1, height: 2, depth: 3, weight: 4 }, [floats([1, 4], 1, 2, 3, 4)]],
  [
    'rows by the only input’s name, where features have names too',
    flower,
    features,
    [{ x: [1, 2, 3, 4] }, { x: [5, 6, 7, 8] }],
    [floats([2, 4], 1, 2, 3, 4, 5, 6, 7, 8)],
  ],
  [
    'a row by feature, in any order',
    flower,
    features,
    { weight: 4, depth: 3, height: 2, width: 1 },
    [floats([1, 4], 1, 2, 3, 4)],
  ],
  [
    'rows by feature',
    aSignature({ inputs: [aSpec({ shape: [-1, 2] })] }),
    ['a', 'b'],
    [
      { a: 1, b: 2 },
      { b: 4, a: 3 },
    ],
    [floats([2, 2], 1, 2, 3, 4)],
  ],
  [
    'features by names that every object knows',
    aSignature({ inputs: [aSpec({ shape: [-1, 2] })] }),
    ['constructor', '__proto__'],
    JSON.parse('{"constructor": 1, "__proto__": 2}'),
    [floats([1, 2], 1, 2)],
  ],
  [
    'a feature named "inputs"',
    aSignature({ inputs: [aSpec({ shape: [-1, 2] })] }),
    ['inputs', 'outputs'],
    { inputs: 1, outputs: 2 },
    [floats([1, 2], 1, 2)],
  ],
  ['nested inputs', flower, undefined, { inputs: { x: [[1, 2, 3, 4]] } }, [floats([1, 4], 1, 2, 3, 4)]],
  ['one row as inputs', flower, undefined, { inputs: { x: [1, 2, 3, 4] } }, [floats([1, 4], 1, 2, 3, 4)]],
  ['flat inputs', image, undefined, { inputs: { x: [1, 2, 3, 4, 5, 6] } }, [floats([1, 2, 1, 3], 1, 2, 3, 4, 5, 6)]],
  ['several inputs', stream, undefined, { inputs: { sound: [[1, 2]], rate: 16000 } }, [sound, rate]],
  ['several inputs, in any order', stream, undefined, { inputs: { rate: 16000, sound: [1, 2] } }, [rate, sound]],
  [
    'a scalar among the inputs in an array',
    stream,
    undefined,
    { inputs: { sound: [1, 2], rate: [16000] } },
    [sound, rate],
  ],
  ['no inputs, which checkInputs judges', flower, undefined, { inputs: {} }, []],
  ['a row by input', stream, undefined, { sound: [1, 2], rate: 16000 }, [sound, rate]],
  [
    'rows by input',
    pair,
    undefined,
    [
      { a: [1, 2], b: 5 },
      { b: 6, a: [3, 4] },
    ],
    [
      aTensor({ name: 'a', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }),
      aTensor({ name: 'b', datatype: 'INT64', shape: [2], data: BigInt64Array.of(5n, 6n) }),
    ],
  ],
  [
    'a row by the only input that is named "inputs"',
    aSignature({ inputs: [aSpec({ name: 'inputs' })] }),
    undefined,
    { inputs: [1, 2, 3, 4] },
    [aTensor({ name: 'inputs', data: Float32Array.of(1, 2, 3, 4) })],
  ],
  [
    'a row by inputs of which one is named "instances"',
    aSignature({ inputs: [aSpec({ name: 'instances' }), aSpec({ name: 'inputs' })] }),
    undefined,
    { instances: [1, 2, 3, 4], inputs: [5, 6, 7, 8] },
    [
      aTensor({ name: 'instances', data: Float32Array.of(1, 2, 3, 4) }),
      aTensor({ name: 'inputs', data: Float32Array.of(5, 6, 7, 8) }),
    ],
  ],
  [
    'features named "inputs" and "instances"',
    aSignature({ inputs: [aSpec({ shape: [-1, 2] })] }),
    ['inputs', 'instances'],
    { inputs: 1, instances: 2 },
    [floats([1, 2], 1, 2)],
  ],
  [
    'a list for rank 1',
    words,
    undefined,
    ['good', 'bad'],
    [aTensor({ datatype: 'BYTES', shape: [2], data: ['good', 'bad'] })],
  ],
  ['one element for rank 1', words, undefined, 'good', [aTensor({ datatype: 'BYTES', shape: [1], data: ['good'] })]],
  ['a number for a scalar', scalar, undefined, 7, [floats([], 7)]],
  ['a list of one for a scalar', scalar, undefined, [7], [floats([], 7)]],
  ['a row for a fixed first dimension', fixed, undefined, [1, 2, 3], [floats([1, 3], 1, 2, 3)]],
  ['rank 4, nested', image, undefined, [[[[1, 2, 3]], [[4, 5, 6]]]], [floats([1, 2, 1, 3], 1, 2, 3, 4, 5, 6)]],
  ['rank 4, one row', image, undefined, [[[1, 2, 3]], [[4, 5, 6]]], [floats([1, 2, 1, 3], 1, 2, 3, 4, 5, 6)]],
  ['rank 4, flat', image, undefined, [1, 2, 3, 4, 5, 6], [floats([1, 2, 1, 3], 1, 2, 3, 4, 5, 6)]],
  [
    'rank 4, flat with two rows',
    image,
    undefined,
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    [floats([2, 2, 1, 3], 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)],
  ],
  [
    'rank 3 that is closed, flat',
    aSignature({ inputs: [aSpec({ shape: [2, 1, 2] })] }),
    undefined,
    { inputs: { x: [1, 2, 3, 4] } },
    [floats([2, 1, 2], 1, 2, 3, 4)],
  ],
];

for (const [does, signature, names, body, expected] of accepted) {
  test(`readFriendly takes ${does}`, () => assert.deepEqual(readFriendly(signature, names, body), expected));
}

const NO_NAMES =
  'the model has no feature names, so a row cannot be an object: ' +
  'send a row, an array of rows, or {"inputs": {"x": FP32 [-1,4]}}';
const FORMS = 'send a row, an array of rows, or {"inputs": {"x": FP32 [-1,4]}}';
const PAIR_FORMS = 'send {"inputs": {"a": FP32 [-1,2], "b": INT64 [-1]}}';
const A_NUMBER = 'expected a number that fits FP32';

const refused: ReadonlyArray<
  readonly [does: string, Signature, Features, body: unknown, code: 'BodyInvalid' | 'TensorInvalid', message: string]
> = [
  ['an object where features have no names', flower, undefined, { a: 1 }, 'BodyInvalid', NO_NAMES],
  ['rows as objects where features have no names', flower, undefined, [{ a: 1 }], 'BodyInvalid', NO_NAMES],
  ['a number', flower, undefined, 7, 'BodyInvalid', `got 7: ${FORMS}`],
  ['null', flower, features, null, 'BodyInvalid', `got null: ${FORMS}`],
  ['a text', flower, features, 'x', 'BodyInvalid', `got "x": ${FORMS}`],
  ['a row for several inputs', pair, undefined, [1, 2], 'BodyInvalid', `got [1,2]: ${PAIR_FORMS}`],
  ['no rows for several inputs', pair, undefined, [], 'BodyInvalid', `got []: ${PAIR_FORMS}`],
  ['a row for no inputs', none, undefined, [1], 'BodyInvalid', 'got [1]: send {"inputs": {}}'],
  [
    'a field beside the inputs',
    flower,
    undefined,
    { inputs: {}, id: 1 },
    'BodyInvalid',
    'unknown field "id" beside "inputs"',
  ],
  [
    'an unknown input',
    flower,
    undefined,
    { inputs: { z: [1] } },
    'TensorInvalid',
    'unknown input "z": the model\'s input(s) are "x"',
  ],
  [
    'an input by a name that every object knows',
    flower,
    undefined,
    JSON.parse('{"inputs": {"__proto__": [1]}}'),
    'TensorInvalid',
    'unknown input "__proto__": the model\'s input(s) are "x"',
  ],
  [
    'a mistyped feature',
    flower,
    features,
    { width: 1, hieght: 2, depth: 3, weight: 4 },
    'TensorInvalid',
    'unknown feature "hieght": did you mean "height"?',
  ],
  [
    'an unknown feature',
    flower,
    features,
    { colour: 'red' },
    'TensorInvalid',
    'unknown feature "colour": the features are "width", "height", "depth", "weight"',
  ],
  [
    'a missing feature',
    flower,
    features,
    { width: 1, height: 2, weight: 4 },
    'TensorInvalid',
    'feature "depth" is missing: expected "width", "height", "depth", "weight"',
  ],
  [
    'a missing feature that every object knows',
    aSignature({ inputs: [aSpec({ shape: [-1, 1] })] }),
    ['constructor'],
    {},
    'TensorInvalid',
    'feature "constructor" is missing: expected "constructor"',
  ],
  [
    'a feature that is no number',
    flower,
    features,
    { width: 1, height: 'tall', depth: 3, weight: 4 },
    'TensorInvalid',
    `tensor "x" feature "height": ${A_NUMBER}, got "tall"`,
  ],
  [
    'an unknown feature in a later row, and says which',
    aSignature({ inputs: [aSpec({ shape: [-1, 1] })] }),
    ['a'],
    [{ a: 1 }, { c: 1 }],
    'TensorInvalid',
    'row 1: unknown feature "c": the features are "a"',
  ],
  [
    'a missing feature in a later row, and says which',
    aSignature({ inputs: [aSpec({ shape: [-1, 1] })] }),
    ['a'],
    [{ a: 1 }, {}],
    'TensorInvalid',
    'row 1: feature "a" is missing: expected "a"',
  ],
  [
    'a feature of a later row that is no number, and says which',
    aSignature({ inputs: [aSpec({ shape: [-1, 2] })] }),
    ['a', 'b'],
    [
      { a: 1, b: 2 },
      { a: null, b: 4 },
    ],
    'TensorInvalid',
    `tensor "x" row 1: feature "a": ${A_NUMBER}, got null`,
  ],
  [
    'an array among objects',
    flower,
    features,
    [{ width: 1, height: 2, depth: 3, weight: 4 }, [1, 2, 3, 4]],
    'BodyInvalid',
    'row 1: expected an object by feature name, got [1,2,3,4]',
  ],
  [
    'an unknown input in a row',
    pair,
    undefined,
    [{ a: [1, 2], b: 5, c: 6 }],
    'TensorInvalid',
    'unknown input "c": the model\'s input(s) are "a", "b"',
  ],
  [
    'an array among rows by input',
    pair,
    undefined,
    [{ a: [1, 2], b: 5 }, [1]],
    'BodyInvalid',
    'row 1: expected an object by input name, got [1]',
  ],
  [
    'a body of the Open Inference Protocol',
    flower,
    undefined,
    { inputs: [{ name: 'x' }] },
    'BodyInvalid',
    '"inputs" is an array, as in the Open Inference Protocol: send that to /v2/models/{model}/infer, or ' +
      '{"inputs": {tensor: data}} here',
  ],
  [
    'a body of KServe V1',
    flower,
    undefined,
    { instances: [[1, 2, 3, 4]] },
    'BodyInvalid',
    '"instances" is KServe V1: send that to /v1/models/{model}:predict, or the rows alone here',
  ],
  [
    'a missing input in a row',
    pair,
    undefined,
    [{ a: [1, 2], b: 5 }, { a: [1, 2] }],
    'TensorInvalid',
    'row 1: input "b" is missing; to send whole tensors: {"inputs": {"a": FP32 [-1,2], "b": INT64 [-1]}}',
  ],
  [
    'a missing input that every object knows',
    aSignature({ inputs: [aSpec({ name: 'a' }), aSpec({ name: 'constructor', shape: [-1] })] }),
    undefined,
    [{ a: [1, 2, 3, 4] }],
    'TensorInvalid',
    'row 0: input "constructor" is missing; to send whole tensors: ' +
      '{"inputs": {"a": FP32 [-1,4], "constructor": FP32 [-1]}}',
  ],
  [
    'rows by input of which one has no batch',
    stream,
    undefined,
    [
      { sound: [1, 2], rate: 1 },
      { sound: [1, 2], rate: 1 },
    ],
    'TensorInvalid',
    'tensor "rate" has shape [], which means 1 element(s), got 2; to send whole tensors: ' +
      '{"inputs": {"sound": FP32 [-1,-1], "rate": INT64 []}}',
  ],
  [
    'whole tensors as a row by input',
    flower,
    undefined,
    { x: [[1, 2, 3, 4]] },
    'TensorInvalid',
    'input "x" must have shape [-1,4], so its data nests 2 deep (or 1 for one row), got data that nests 3 deep; ' +
      'to send whole tensors: {"inputs": {"x": FP32 [-1,4]}}',
  ],
  [
    'a feature that is no number in a row by input, without more advice',
    flower,
    undefined,
    { x: [1, 2, 3, null] },
    'TensorInvalid',
    `tensor "x" element 3: ${A_NUMBER}, got null`,
  ],
  [
    'a row of another width',
    flower,
    undefined,
    [1, 2, 3],
    'TensorInvalid',
    'input "x" must have shape [-1,4] (-1 is any size), got [1,3]',
  ],
  ['no rows', flower, undefined, [], 'TensorInvalid', 'input "x" must have shape [-1,4] (-1 is any size), got [1,0]'],
  [
    'an empty image',
    image,
    undefined,
    [],
    'TensorInvalid',
    'input "x" has shape [0,2,1,3]: every dimension must be at least 1',
  ],
  [
    'a ragged array',
    flower,
    undefined,
    [
      [1, 2, 3, 4],
      [5, 6, 7],
    ],
    'TensorInvalid',
    'tensor "x" has shape [2,4]: data[1] must be an array of 4, got 3 element(s)',
  ],
  [
    'rows among numbers',
    flower,
    undefined,
    [1, [2], 3, 4],
    'TensorInvalid',
    `tensor "x" element 1: ${A_NUMBER}, got [2]`,
  ],
  [
    'a row with null',
    flower,
    undefined,
    [1, 2, null, 4],
    'TensorInvalid',
    `tensor "x" element 2: ${A_NUMBER}, got null`,
  ],
  [
    'nesting that is too deep',
    flower,
    undefined,
    [[[1, 2, 3, 4]]],
    'TensorInvalid',
    'input "x" must have shape [-1,4], so its data nests 2 deep (or 1 for one row), got data that nests 3 deep',
  ],
  [
    'nesting that is too deep for rank 1',
    words,
    undefined,
    [['good']],
    'TensorInvalid',
    'input "x" must have shape [-1], so its data nests 1 deep, got data that nests 2 deep',
  ],
  [
    'nesting that is too deep for a scalar',
    scalar,
    undefined,
    [[7]],
    'TensorInvalid',
    'input "x" must have shape [], so its data nests 0 deep, got data that nests 2 deep',
  ],
  [
    'a flat image with a part of a row',
    image,
    undefined,
    [1, 2, 3, 4, 5, 6, 7],
    'TensorInvalid',
    'input "x" must have shape [-1,2,1,3], so its data nests 4 deep (or 3 for one row), got data that nests 1 deep',
  ],
  [
    'a flat image where two dimensions are open',
    aSignature({ inputs: [aSpec({ shape: [-1, -1, 2] })] }),
    undefined,
    [1, 2, 3, 4],
    'TensorInvalid',
    'input "x" must have shape [-1,-1,2], so its data nests 3 deep (or 2 for one row), got data that nests 1 deep',
  ],
  [
    'two numbers for a scalar',
    scalar,
    undefined,
    [1, 2],
    'TensorInvalid',
    'tensor "x" has shape [], which means 1 element(s), got 2',
  ],
  ['null for a scalar', scalar, undefined, null, 'TensorInvalid', `tensor "x" element 0: ${A_NUMBER}, got null`],
];

for (const [does, signature, names, body, code, message] of refused) {
  test(`readFriendly refuses ${does}`, () =>
    assert.throws(() => readFriendly(signature, names, body), { code, message }));
}

test('readFriendly ends on data that nests without end', () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  assert.throws(() => readFriendly(flower, undefined, deep), { code: 'TensorInvalid' });
  assert.throws(() => readFriendly(pair, undefined, deep), { code: 'BodyInvalid' });
});

test('readFriendly asks for the body to be read again, whatever else could be said of it', () => {
  const count = aSignature({ inputs: [aSpec({ name: 'a' }), aSpec({ name: 'n', datatype: 'INT64', shape: [1] })] });
  assert.throws(() => readFriendly(count, undefined, { a: [1, 2, 3, 4], n: 2 ** 53 }), InexactInteger);
});

test('readRows knows no "inputs": it is a feature like any other', () =>
  assert.throws(() => readRows(flower, features, { inputs: { x: [1, 2, 3, 4] } }), {
    code: 'TensorInvalid',
    message: 'unknown feature "inputs": the features are "width", "height", "depth", "weight"',
  }));

test('readRows takes rows by input', () => {
  const [a, b] = readRows(pair, undefined, [{ a: [1, 2], b: 5 }]);
  assert.deepEqual(a?.shape, [1, 2]);
  assert.deepEqual(b?.data, BigInt64Array.of(5n));
});

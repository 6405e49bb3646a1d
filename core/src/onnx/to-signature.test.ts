import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Signature, TensorSpec } from '../inference/index.ts';
import { aSignature, aSpec } from '../testing.ts';
import { type OnnxHeader, type OnnxValue, readOnnxHeader } from './read-header.ts';
import { modelBytes, sourceOf } from './testing.ts';
import { hasBatchDimension, toSignature } from './to-signature.ts';

function signatureOf(path: string): Signature {
  const found = toSignature(readOnnxHeader(sourceOf(modelBytes(path))));
  assert.ok(found.ok);
  return found.signature;
}

/** `x FP32 [N,2]`, with `?` for an open dimension that has no name. */
function specText({ name, datatype, shape, symbols }: TensorSpec): string {
  return `${name} ${datatype} [${shape.map((size, at) => (size === -1 ? (symbols[at] ?? '?') : size)).join()}]`;
}

/** As test/models/README.md tells of them. */
const models: ReadonlyArray<readonly [path: string, inputs: string, outputs: string, mayBatch: boolean]> = [
  ['examples/models/iris/1/model.onnx', 'input FP32 [N,4]', 'label INT64 [N], probabilities FP32 [N,3]', true],
  ['examples/models/digits/1/model.onnx', 'pixels FP32 [N,64]', 'label INT64 [N], probabilities FP32 [N,10]', true],
  ['test/models/echo-bool.onnx', 'x BOOL [N,2]', 'y BOOL [N,2]', true],
  ['test/models/echo-uint8.onnx', 'x UINT8 [N,2]', 'y UINT8 [N,2]', true],
  ['test/models/echo-uint16.onnx', 'x UINT16 [N,2]', 'y UINT16 [N,2]', true],
  ['test/models/echo-uint32.onnx', 'x UINT32 [N,2]', 'y UINT32 [N,2]', true],
  ['test/models/echo-uint64.onnx', 'x UINT64 [N,2]', 'y UINT64 [N,2]', true],
  ['test/models/echo-int8.onnx', 'x INT8 [N,2]', 'y INT8 [N,2]', true],
  ['test/models/echo-int16.onnx', 'x INT16 [N,2]', 'y INT16 [N,2]', true],
  ['test/models/echo-int32.onnx', 'x INT32 [N,2]', 'y INT32 [N,2]', true],
  ['test/models/echo-int64.onnx', 'x INT64 [N,2]', 'y INT64 [N,2]', true],
  ['test/models/echo-fp16.onnx', 'x FP16 [N,2]', 'y FP16 [N,2]', true],
  ['test/models/echo-bf16.onnx', 'x BF16 [N,2]', 'y BF16 [N,2]', true],
  ['test/models/echo-fp32.onnx', 'x FP32 [N,2]', 'y FP32 [N,2]', true],
  ['test/models/echo-fp64.onnx', 'x FP64 [N,2]', 'y FP64 [N,2]', true],
  ['test/models/echo-string.onnx', 'x BYTES [N,2]', 'y BYTES [N,2]', true],
  ['test/models/add-fixed-batch.onnx', 'a FP32 [1,3], b FP32 [1,3]', 'sum FP32 [1,3]', false],
  ['test/models/two-inputs.onnx', 'a FP32 [N,3], b INT64 [N,2]', 'sum_a FP32 [N,1], sum_b INT64 [N,1]', true],
  ['test/models/mean-over-first.onnx', 'x FP32 [T,4]', 'y FP32 [T,4]', true],
  ['test/models/scalar.onnx', 'x FP32 []', 'y FP32 []', false],
  ['test/models/dynamic-two.onnx', 'x FP32 [N,S]', 'y FP32 [N,S]', true],
  ['test/models/no-names-batch.onnx', 'x FP32 [?,2]', 'y FP32 [?,2]', true],
  ['test/models/range.onnx', 'limit INT64 []', 'y INT64 [M]', false],
  ['test/models/matmul-strict.onnx', 'x FP32 [N,S]', 'y FP32 [N,2]', true],
  ['test/models/gather.onnx', 'x INT64 [N,1]', 'y FP32 [N,2]', true],
  ['test/models/nan.onnx', 'x FP32 [N,1]', 'y FP32 [N,1]', true],
  ['test/models/string-classifier.onnx', 'x BYTES [N,1]', 'label BYTES [N], probabilities FP32 [N,2]', true],
  ['test/models/slow.onnx', 'trips INT64 [1]', 'mean FP32 [1]', false],
  ['test/models/matmul-5ms.onnx', 'x FP32 [N,8]', 'y FP32 [N,8]', true],
  ['test/models/abort-when-empty.onnx', 'x FP32 [N,2]', 'y FP32 [N,2]', true],
  ['test/models/external-data.onnx', 'x FP32 [N,3]', 'y FP32 [N,2]', true],
];

for (const [path, inputs, outputs, mayBatch] of models) {
  test(`${path} takes ${inputs} and gives ${outputs}`, () => {
    const signature = signatureOf(path);
    assert.equal(signature.inputs.map(specText).join(', '), inputs);
    assert.equal(signature.outputs.map(specText).join(', '), outputs);
    assert.equal(hasBatchDimension(signature), mayBatch);
  });
}

test('a model with ZipMap is told how to be exported again', () =>
  assert.deepEqual(toSignature(readOnnxHeader(sourceOf(modelBytes('test/models/zipmap.onnx')))), {
    ok: false,
    problem:
      'output "output_probability" is a sequence of maps, which no inference protocol can carry (scikit-learn ' +
      'converters add ZipMap: export again with options={"zipmap": False})',
  }));

function aValue(
  name: string,
  elementType = 1,
  dimensions: readonly (number | undefined)[] | undefined = [2],
): OnnxValue {
  return { name, type: { kind: 'tensor', elementType, dimensions } };
}
function aHeader(told: Partial<OnnxHeader>): OnnxHeader {
  return {
    irVersion: 8,
    producer: '',
    graph: '',
    opsets: {},
    inputs: [aValue('x')],
    outputs: [aValue('y')],
    operators: [],
    parameters: 0,
    externalFiles: [],
    ...told,
  };
}
const withoutShape: OnnxValue = { name: 'x', type: { kind: 'tensor', elementType: 1, dimensions: undefined } };

const problems: ReadonlyArray<readonly [does: string, told: Partial<OnnxHeader>, problem: string]> = [
  [
    'a sequence of tensors',
    { inputs: [{ name: 'x', type: { kind: 'other', text: 'a sequence of tensors' } }] },
    'input "x" is a sequence of tensors, which no inference protocol can carry (export the model again with plain tensors)',
  ],
  [
    'complex numbers',
    { outputs: [aValue('y', 14)] },
    'output "y" has elements of COMPLEX64, which no inference protocol can carry; cast them',
  ],
  [
    'a type from the future',
    { inputs: [aValue('x', 1000)] },
    'input "x" has elements of type 1000, which no inference protocol can carry; cast them',
  ],
  [
    'an input without a shape',
    { inputs: [withoutShape] },
    'input "x" declares no shape, so requests cannot be checked; export the model with one',
  ],
  ['no outputs', { outputs: [] }, 'the graph has no output'],
  [
    'several problems, all of them',
    { inputs: [withoutShape], outputs: [] },
    'input "x" declares no shape, so requests cannot be checked; export the model with one; the graph has no output',
  ],
];

for (const [does, told, problem] of problems) {
  test(`toSignature refuses ${does}`, () => assert.deepEqual(toSignature(aHeader(told)), { ok: false, problem }));
}

test('toSignature takes an output without a shape for one of an open dimension', () => {
  const found = toSignature(aHeader({ outputs: [{ ...withoutShape, name: 'y' }] }));
  assert.deepEqual(found.ok && found.signature.outputs, [aSpec({ name: 'y', shape: [-1] })]);
});

test('toSignature takes a model without inputs', () =>
  assert.deepEqual(toSignature(aHeader({ inputs: [] })), {
    ok: true,
    signature: { inputs: [], outputs: [aSpec({ name: 'y', shape: [2] })] },
  }));

const open = (name: string, symbol?: string) => aSpec({ name, symbols: [symbol, undefined] });

const batches: ReadonlyArray<readonly [does: string, Signature, expected: boolean]> = [
  ['inputs under one name', aSignature({ inputs: [open('a', 'N'), open('b', 'N')] }), true],
  ['inputs without names', aSignature({ inputs: [open('a'), open('b')] }), true],
  ['inputs under two names', aSignature({ inputs: [open('a', 'N'), open('b', 'M')] }), false],
  ['inputs of which one has a name', aSignature({ inputs: [open('a', 'N'), open('b')] }), false],
  ['an output under another name', aSignature({ inputs: [open('a', 'N')], outputs: [open('y', 'M')] }), true],
  ['an input that is closed', aSignature({ inputs: [open('a'), aSpec({ shape: [1, 4] })] }), false],
  ['an output that is closed', aSignature({ outputs: [aSpec({ shape: [1, 4] })] }), false],
  ['a scalar output', aSignature({ outputs: [aSpec({ shape: [] })] }), false],
  ['no inputs', aSignature({ inputs: [] }), false],
];

for (const [does, signature, expected] of batches) {
  test(`hasBatchDimension is ${expected} for ${does}`, () => assert.equal(hasBatchDimension(signature), expected));
}

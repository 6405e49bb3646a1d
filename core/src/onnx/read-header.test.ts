import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ByteSource } from './protobuf.ts';
import { OnnxFormatError, type OnnxHeader, readOnnxHeader } from './read-header.ts';
import { field, fieldStart, modelBytes, sourceOf } from './testing.ts';
import { hasBatchDimension, toSignature } from './to-signature.ts';

const headerOf = (path: string): OnnxHeader => readOnnxHeader(sourceOf(modelBytes(path)));

test('the iris model says what it is', () =>
  assert.deepEqual(headerOf('examples/models/iris/1/model.onnx'), {
    irVersion: 8,
    producer: 'skl2onnx 1.20.0',
    graph: 'iris',
    opsets: { 'ai.onnx': 17, 'ai.onnx.ml': 1 },
    inputs: [{ name: 'input', type: { kind: 'tensor', elementType: 1, dimensions: ['N', 4] } }],
    outputs: [
      { name: 'label', type: { kind: 'tensor', elementType: 7, dimensions: ['N'] } },
      { name: 'probabilities', type: { kind: 'tensor', elementType: 1, dimensions: ['N', 3] } },
    ],
    operators: ['ai.onnx.ml.LinearClassifier', 'ai.onnx.ml.Normalizer', 'ai.onnx.ml.Scaler'],
    parameters: 0,
    externalFiles: [],
  }));

const said: ReadonlyArray<readonly [does: string, path: string, expected: Partial<OnnxHeader>]> = [
  [
    'a network counts its weights',
    'examples/models/digits/1/model.onnx',
    // Layers of 64 × 64 + 64 and 64 × 10 + 10, the ten classes, and the one size of a Reshape.
    { parameters: 4821, graph: 'digits' },
  ],
  [
    'weights outside are counted and named',
    'test/models/external-data.onnx',
    { parameters: 6, externalFiles: ['external-data.weights'] },
  ],
  [
    'a path that leads outside is given as it is',
    'test/models/external-data-escape.onnx',
    { externalFiles: ['../outside.weights'] },
  ],
  [
    'operators of loops are among the others',
    'test/models/slow.onnx',
    { operators: ['ConstantOfShape', 'Identity', 'Loop', 'MatMul', 'ReduceMean', 'Reshape', 'Slice'] },
  ],
  ['an operator that ONNX does not have is read', 'test/models/unknown-op.onnx', { operators: ['Frobnicate'] }],
  [
    'an operator of another domain has its name',
    'test/models/unknown-domain-op.onnx',
    { operators: ['com.example.Frobnicate'], opsets: { 'ai.onnx': 17, 'com.example': 1 } },
  ],
  ['operators that are too new are read', 'test/models/opset-too-new.onnx', { opsets: { 'ai.onnx': 99 } }],
  ['a format that is too new is read', 'test/models/ir-too-new.onnx', { irVersion: 99 }],
];

for (const [does, path, expected] of said) {
  test(does, () => {
    const header = headerOf(path);
    assert.deepEqual(header, { ...header, ...expected });
  });
}

const broken: ReadonlyArray<readonly [path: string, reason: OnnxFormatError['reason'], message: string]> = [
  ['test/models/empty.onnx', 'Empty', 'the file is empty'],
  [
    'test/models/truncated.onnx',
    'Truncated',
    'the file is cut off: it has 476 bytes and at least 296 byte(s) are missing after byte 476; copy it again',
  ],
  ['test/models/not-onnx.onnx', 'NotOnnx', 'the file is not an ONNX model (wire type 4 at byte 1)'],
];

for (const [path, reason, message] of broken) {
  test(`${path} is ${reason}`, () => assert.throws(() => headerOf(path), { name: 'OnnxFormatError', reason, message }));
}

// The fields of onnx.proto that the tests write.
const MODEL = { irVersion: 1, graph: 7, opset: 8, function: 25 };
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12, sparseInitializer: 15 };
const NODE = { operator: 4, attribute: 5, domain: 7 };
const ATTRIBUTE = { tensor: 5, graph: 6, graphs: 11, sparseTensor: 22, sparseTensors: 23 };
const TENSOR = { dimensions: 1, type: 2, name: 8, raw: 9, external: 13, location: 14 };
const TYPE = { tensor: 1, sequence: 4, map: 5, sparse: 8, optional: 9 };

/** A model with a graph of these fields. */
function modelOf(...graph: number[][]): number[] {
  return [...field(MODEL.irVersion, 8), ...field(MODEL.graph, graph.flat())];
}
const readModel = (...graph: number[][]): OnnxHeader => readOnnxHeader(sourceOf(modelOf(...graph)));

function nodeOf(operator: string, ...attributes: number[][]): number[] {
  const fields = attributes.map((attribute) => field(NODE.attribute, attribute));
  return field(GRAPH.node, [...field(NODE.operator, operator), ...fields.flat()]);
}
function aValue(number: number, name: string, ...type: number[]): number[] {
  return field(number, [...field(1, name), ...(type.length === 0 ? [] : field(2, type))]);
}
function tensorOf(name: string, dimensions: readonly number[], ...more: number[]): number[] {
  return [...dimensions.flatMap((size) => field(TENSOR.dimensions, size)), ...field(TENSOR.name, name), ...more];
}
function storedIn(file: string): number[] {
  return [...field(TENSOR.external, [...field(1, 'location'), ...field(2, file)]), ...field(TENSOR.location, 1)];
}

test('a graph without anything is read', () =>
  assert.deepEqual(readModel(), {
    irVersion: 8,
    producer: '',
    graph: '',
    opsets: {},
    inputs: [],
    outputs: [],
    operators: [],
    parameters: 0,
    externalFiles: [],
  }));

test('a model without a graph is none', () =>
  assert.throws(() => readOnnxHeader(sourceOf(field(MODEL.irVersion, 8))), {
    reason: 'NotOnnx',
    message: 'the file is not an ONNX model (it holds no graph)',
  }));

test('damage inside a model is not taken for a file that is cut off', () => {
  const bytes = modelOf(
    field(GRAPH.name, [1, 2, 3]),
    field(GRAPH.node, [...field(NODE.operator, 'Add'), 0x2a, 0x20]),
    field(GRAPH.name, 'g'),
  );
  assert.throws(() => readOnnxHeader(sourceOf(bytes)), { reason: 'NotOnnx', message: /beyond its message/ });
});

test('inputs that are initializers, as they were before IR version 4, are no inputs', () => {
  const { inputs } = readModel(
    aValue(GRAPH.input, 'x'),
    aValue(GRAPH.input, 'w'),
    aValue(GRAPH.input, 's'),
    field(GRAPH.initializer, tensorOf('w', [2])),
    field(GRAPH.sparseInitializer, field(1, tensorOf('s', [2]))),
  );
  assert.deepEqual(
    inputs.map(({ name }) => name),
    ['x'],
  );
});

test('the weights of all tensors are counted, wherever they are', () => {
  const { parameters } = readModel(
    field(GRAPH.initializer, tensorOf('matrix', [3, 4])),
    field(GRAPH.initializer, tensorOf('scalar', [])),
    field(GRAPH.initializer, field(TENSOR.dimensions, [5, 10])), // packed
    nodeOf('Constant', field(ATTRIBUTE.tensor, tensorOf('', [7]))),
  );
  assert.equal(parameters, 12 + 1 + 50 + 7);
});

test('external files are found wherever a tensor can be', () => {
  const stored = (file: string) => tensorOf(file, [1], ...storedIn(file));
  const { externalFiles } = readModel(
    field(GRAPH.initializer, stored('initializer')),
    field(GRAPH.sparseInitializer, [...field(1, stored('values')), ...field(2, stored('indices'))]),
    nodeOf('Constant', field(ATTRIBUTE.tensor, stored('attribute'))),
    nodeOf('Constant', field(ATTRIBUTE.sparseTensor, field(1, stored('sparse')))),
    nodeOf('Constant', field(ATTRIBUTE.sparseTensors, field(2, stored('sparse list')))),
    nodeOf('If', field(ATTRIBUTE.graph, field(GRAPH.initializer, stored('branch')))),
  );
  assert.deepEqual(externalFiles, ['attribute', 'branch', 'indices', 'initializer', 'sparse', 'sparse list', 'values']);
});

test('a location without external data is nothing', () => {
  const entry = field(TENSOR.external, [...field(1, 'location'), ...field(2, 'file')]);
  assert.deepEqual(readModel(field(GRAPH.initializer, tensorOf('w', [1], ...entry))).externalFiles, []);
});

test('operators of branches and functions are among the others, each once', () => {
  const branch = nodeOf('Relu');
  const bytes = [
    ...field(MODEL.function, field(7, [...field(NODE.operator, 'Tanh'), ...field(NODE.domain, 'com.example')])),
    ...modelOf(
      nodeOf('If', field(ATTRIBUTE.graph, branch), field(ATTRIBUTE.graphs, branch)),
      nodeOf('Add'),
      nodeOf('Add'),
    ),
  ];
  assert.deepEqual(readOnnxHeader(sourceOf(bytes)).operators, ['Add', 'If', 'Relu', 'com.example.Tanh']);
});

test('operator sets are kept under any domain', () => {
  const opset = (domain: string, version: number) => field(MODEL.opset, [...field(1, domain), ...field(2, version)]);
  const bytes = [...modelOf(), ...opset('', 17), ...opset('__proto__', 3), ...opset('constructor', 4)];
  assert.deepEqual(Object.entries(readOnnxHeader(sourceOf(bytes)).opsets), [
    ['ai.onnx', 17],
    ['__proto__', 3],
    ['constructor', 4],
  ]);
});

test('dimensions are sizes, symbols or neither', () => {
  const dimension = (...fields: number[]) => field(1, fields);
  const shape = [
    ...dimension(...field(1, 3)),
    ...dimension(...field(2, 'N')),
    ...dimension(...field(2, '')),
    ...dimension(),
    ...dimension(...field(1, -1)),
  ];
  const [input] = readModel(
    aValue(GRAPH.input, 'x', ...field(TYPE.tensor, [...field(1, 1), ...field(2, shape)])),
  ).inputs;
  assert.deepEqual(input?.type, {
    kind: 'tensor',
    elementType: 1,
    dimensions: [3, 'N', undefined, undefined, undefined],
  });
});

const tensor = field(TYPE.tensor, field(1, 1));
const map = field(TYPE.map, []);
const sparse = field(TYPE.sparse, []);
const sequence = (of: number[]) => field(TYPE.sequence, field(1, of));
const optional = (of: number[]) => field(TYPE.optional, field(1, of));

const others: ReadonlyArray<readonly [text: string, type: number[]]> = [
  ['a map', map],
  ['a sparse tensor', sparse],
  ['a sequence of tensors', sequence(tensor)],
  ['a sequence of maps', sequence(map)],
  ['a sequence of sparse tensors', sequence(sparse)],
  ['a sequence of sequences of maps', sequence(sequence(map))],
  ['an optional tensor', optional(tensor)],
  ['an optional sequence of tensors', optional(sequence(tensor))],
  ['a sequence of optional tensors', sequence(optional(tensor))],
  ['a sequence of values without a type', field(TYPE.sequence, [])],
  ['a value without a type', []],
];

for (const [text, type] of others) {
  test(`a value can be ${text}`, () =>
    assert.deepEqual(readModel(aValue(GRAPH.output, 'y', ...type)).outputs[0]?.type, { kind: 'other', text }));
}

function nested(depth: number, inner: number[], wrap: (inner: number[]) => number[]): number[] {
  let bytes = inner;
  for (let level = 0; level < depth; level++) bytes = wrap(bytes);
  return bytes;
}
const insideIf = (graph: number[]) => nodeOf('If', field(ATTRIBUTE.graph, graph));

test('graphs may nest 64 deep', () =>
  assert.deepEqual(readModel(nested(64, nodeOf('Add'), insideIf)).operators, ['Add', 'If']));

test('graphs that nest deeper are refused', () =>
  assert.throws(() => readModel(nested(65, nodeOf('Add'), insideIf)), {
    reason: 'NotOnnx',
    message: 'the file is not an ONNX model (graphs nest deeper than 64)',
  }));

test('types that nest deeper than 64 are refused', () =>
  assert.throws(() => readModel(aValue(GRAPH.output, 'y', ...nested(65, map, sequence))), {
    reason: 'NotOnnx',
    message: 'the file is not an ONNX model (types nest deeper than 64)',
  }));

test('a number where a message should be is refused', () =>
  assert.throws(() => readOnnxHeader(sourceOf([...field(MODEL.irVersion, 8), ...field(MODEL.graph, 1)])), {
    reason: 'NotOnnx',
    message: 'the file is not an ONNX model (field 7 is not a message)',
  }));

test('a number where a text should be is refused', () =>
  assert.throws(() => readModel(field(GRAPH.name, 1)), {
    reason: 'NotOnnx',
    message: 'the file is not an ONNX model (field 2 is not a text)',
  }));

test('weights are passed over, not read', () => {
  const weights = 2 ** 32;
  const raw = fieldStart(TENSOR.raw, weights);
  const beginning = [...tensorOf('w', [2 ** 30]), ...raw];
  const initializer = [...fieldStart(GRAPH.initializer, beginning.length + weights), ...beginning];
  const end = aValue(GRAPH.output, 'y', ...tensor);
  const graph = fieldStart(MODEL.graph, initializer.length + weights + end.length);
  const head = Uint8Array.from([...field(MODEL.irVersion, 8), ...graph, ...initializer]);

  let bytesRead = 0;
  const source: ByteSource = {
    size: head.length + weights + end.length,
    read(offset, length) {
      bytesRead += length;
      const bytes = new Uint8Array(length);
      if (offset < head.length) bytes.set(head.subarray(offset, offset + length));
      for (let at = 0; at < end.length; at++) {
        const place = head.length + weights + at - offset;
        if (place >= 0 && place < length) bytes[place] = end[at] ?? 0;
      }
      return bytes;
    },
  };
  const header = readOnnxHeader(source);
  assert.equal(header.parameters, 2 ** 30);
  assert.deepEqual(
    header.outputs.map(({ name }) => name),
    ['y'],
  );
  assert.ok(bytesRead < 256 * 1024, `${bytesRead} bytes were read`);
});

/** Reads bytes as a model. Whatever they are, they give a header or an OnnxFormatError. */
function readAnything(bytes: Uint8Array): void {
  try {
    const found = toSignature(readOnnxHeader(sourceOf(bytes)));
    if (found.ok) hasBatchDimension(found.signature);
  } catch (error) {
    assert.ok(error instanceof OnnxFormatError, error as Error);
  }
}

const RUNS = { numRuns: 1000, interruptAfterTimeLimit: 1500 };

test('any bytes give a header or the reason why not', () =>
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), readAnything), RUNS));

test('any bytes that begin like a model give a header or the reason why not', () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) =>
      readAnything(Uint8Array.from([...modelOf([...bytes]), ...bytes])),
    ),
    RUNS,
  ));

const models = [
  'examples/models/iris/1/model.onnx',
  'test/models/slow.onnx',
  'test/models/zipmap.onnx',
  'test/models/external-data.onnx',
].map(modelBytes);
const anyEdit = fc.record({
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  kind: fc.constantFrom('replace', 'insert', 'remove', 'end'),
  byte: fc.integer({ min: 0, max: 255 }),
});

test('a damaged model gives a header or the reason why not', () =>
  fc.assert(
    fc.property(fc.constantFrom(...models), fc.array(anyEdit, { minLength: 1, maxLength: 8 }), (model, edits) => {
      const bytes = [...model];
      for (const { at, kind, byte } of edits) {
        const place = Math.floor(at * bytes.length);
        if (kind === 'replace') bytes[place] = byte;
        else if (kind === 'insert') bytes.splice(place, 0, byte);
        else if (kind === 'remove') bytes.splice(place, 1);
        else bytes.length = place;
      }
      readAnything(Uint8Array.from(bytes));
    }),
    RUNS,
  ));

test('a model that is cut off anywhere gives a header or the reason why not', () => {
  for (const model of models.slice(0, 1))
    for (let size = 0; size < model.length; size++) readAnything(model.subarray(0, size));
});

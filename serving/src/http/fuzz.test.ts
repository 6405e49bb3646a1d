import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { startAssembled, type TestServer } from '../testing/assembled.ts';

// Mutated bodies against every inference route. Whatever comes: an answer of 200 or 4xx with a sentence, in time, and a
// good request right after is answered. BERTH_FUZZ_RUNS makes it longer.
const RUNS = Number(process.env.BERTH_FUZZ_RUNS ?? 1500);
const DEADLINE_MS = 5000;

let server: TestServer;
before(async () => {
  server = await startAssembled(
    {
      iris: { example: 'iris' },
      'silero-vad': { example: 'silero-vad' },
      'sums/1/model.onnx': { model: 'two-inputs.onnx' },
      'int64/1/model.onnx': { model: 'echo-int64.onnx' },
      'words/1/model.onnx': { model: 'string-classifier.onnx' },
      'bool/1/model.onnx': { model: 'echo-bool.onnx' },
      'lookup/1/model.onnx': { model: 'gather.onnx' },
      'strict/1/model.onnx': { model: 'matmul-strict.onnx' },
      'lstm/1/model.onnx': { model: 'abort-when-empty.onnx' },
    },
    { defaultModel: 'iris' },
  );
});
after(() => server.stop());

const tensor = (name: string, datatype: string, shape: number[], data: unknown) => ({ name, datatype, shape, data });
const BODIES: ReadonlyArray<readonly [url: string, body: unknown]> = [
  ['/predict', { sepal_length_cm: 5.1, sepal_width_cm: 3.5, petal_length_cm: 1.4, petal_width_cm: 0.2 }],
  [
    '/predict',
    [
      [5.1, 3.5, 1.4, 0.2],
      [6, 3, 5, 2],
    ],
  ],
  [
    '/v2/models/iris/infer',
    {
      id: 'a',
      parameters: { timeout: 1e6 },
      inputs: [tensor('input', 'FP32', [1, 4], [5.1, 3.5, 1.4, 0.2])],
      outputs: [{ name: 'label' }],
    },
  ],
  ['/v2/models/sums/infer', { inputs: [tensor('a', 'FP32', [1, 3], [1, 2, 3]), tensor('b', 'INT64', [1, 2], [1, 2])] }],
  ['/models/sums/predict', { inputs: { a: [[1, 2, 3]], b: [[4, 5]] } }],
  ['/v1/models/sums:predict', { instances: [{ a: [1, 2, 3], b: [4, 5] }] }],
  ['/v2/models/int64/infer', { inputs: [tensor('x', 'INT64', [1, 2], [9007199254740991, -1])] }],
  ['/v2/models/words/infer', { inputs: [tensor('x', 'BYTES', [1, 1], ['good'])] }],
  ['/v2/models/bool/infer', { inputs: [tensor('x', 'BOOL', [1, 2], [true, false])] }],
  ['/v2/models/lookup/infer', { inputs: [tensor('x', 'INT64', [1, 1], [3])] }],
  ['/v2/models/strict/infer', { inputs: [tensor('x', 'FP32', [1, 3], [1, 2, 3])] }],
  ['/v2/models/lstm/infer', { inputs: [tensor('x', 'FP32', [1, 2], [1, 2])] }],
  ['/models/silero-vad/predict', { inputs: { input: [[0, 0, 0, 0]], state: [[[0]], [[0]]], sr: 16000 } }],
  ['/v2/repository/index', { ready: true }],
];

/** Values that have broken parsers and servers before. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    'NaN',
    '-Infinity',
    0,
    -1,
    1e39,
    1e308,
    2 ** 53,
    -(2 ** 63),
    1099511627776,
    [],
    {},
    [[]],
    [[[[[[[[]]]]]]]],
    '\ud800',
    '__proto__',
    'constructor',
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

/** One change somewhere in a JSON value: replace, remove, repeat or rename. */
function mutateJson(value: unknown, path: readonly number[], change: unknown, kind: number): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null) return change;
  if (Array.isArray(value)) {
    if (value.length === 0) return [change];
    const at = step % value.length;
    if (rest.length === 0 && kind === 1) return value.toSpliced(at, 1);
    if (rest.length === 0 && kind === 2) return [...value, value[at]];
    return value.with(at, mutateJson(value[at], rest, change, kind));
  }
  const entries = Object.entries(value);
  const at = step % Math.max(1, entries.length);
  const [key, own] = entries[at] ?? ['x', 1];
  if (rest.length === 0 && kind === 1) return Object.fromEntries(entries.toSpliced(at, 1));
  if (rest.length === 0 && kind === 3) return Object.fromEntries(entries.with(at, [`${key}s`, own]));
  return Object.fromEntries(entries.with(at, [key, mutateJson(own, rest, change, kind)]));
}

const mutatedJson = fc
  .tuple(fc.constantFrom(...BODIES), fc.array(fc.nat(12), { minLength: 1, maxLength: 5 }), odd, fc.nat(3))
  .map(
    ([[url, body], path, change, kind]) =>
      [url, Buffer.from(JSON.stringify(mutateJson(body, path, change, kind)))] as const,
  );

const mutatedBytes = fc
  .tuple(fc.constantFrom(...BODIES), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat(200))
  .map(([[url, body], flips, cut]) => {
    const bytes = Buffer.from(JSON.stringify(body));
    for (const [at, value] of flips) bytes[at % bytes.length] = value;
    return [url, cut < bytes.length && cut % 3 === 0 ? bytes.subarray(0, cut) : bytes] as const;
  });

const deep = fc
  .tuple(fc.constantFrom(...BODIES.map(([url]) => url)), fc.integer({ min: 1, max: 50_000 }), fc.boolean())
  .map(([url, depth, closed]) => [url, Buffer.from('['.repeat(depth) + (closed ? ']'.repeat(depth) : ''))] as const);

describe('mutated bodies', () => {
  const kinds = {
    'JSON values': [mutatedJson, RUNS],
    bytes: [mutatedBytes, RUNS],
    'deep nesting': [deep, 60],
  } as const;
  for (const [what, [bodies, runs]] of Object.entries(kinds)) {
    test(`of ${what} get an answer, and a good request after them too`, async () => {
      await fc.assert(
        fc.asyncProperty(bodies, async ([url, body]) => {
          const started = performance.now();
          const { status, json, error } = await server.request('POST', url, { body });
          assert.ok(performance.now() - started < DEADLINE_MS, `${url} took too long`);
          assert.ok(status === 200 || (status >= 400 && status < 500), `${url} ${body} → ${status} ${error}`);
          if (status !== 200) assert.ok(typeof error === 'string' && error.length > 10, JSON.stringify(json));
          const good = await server.request('POST', '/predict', { body: [5.1, 3.5, 1.4, 0.2] });
          assert.equal(good.status, 200);
        }),
        { numRuns: runs },
      );
      assert.deepEqual(
        server.logged.filter(({ level }) => level === 'error'),
        [],
      );
    });
  }
});

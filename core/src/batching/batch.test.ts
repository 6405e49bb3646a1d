import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DATATYPES, elementCount, type Tensor } from '../inference/index.ts';
import { anyData, aSignature, aSpec, aTensor } from '../testing.ts';
import { type Batchable, batchable, batchLength, mergeRows, splitOutputs } from './batch.ts';

/** `1a 2b 3-` → a queue of requests with 1, 2 and 3 rows and the keys a, b and none. */
function queueOf(text: string): Batchable[] {
  return [...text.matchAll(/(\d+)(\w|-)/g)].map(([, rows, key]) => ({
    rows: Number(rows),
    batchKey: key === '-' ? undefined : key,
  }));
}

const lengths: ReadonlyArray<readonly [does: string, queue: string, expected: number]> = [
  ['takes nothing from an empty queue', '', 0],
  ['takes a request that is alone', '1a', 1],
  ['takes all of one key', '1a 1a 1a', 3],
  ['stops at another key', '1a 1a 1b', 2],
  ['does not reach over another key', '1a 1b 1a', 1],
  ['fills up to the most rows', '1a 2a 1a 1a', 3],
  ['stops before there are too many rows', '3a 2a', 1],
  ['does not reach over a request that is too large', '2a 3a 1a', 1],
  ['runs a request of too many rows alone', '9a 1a', 1],
  ['runs a request without a key alone', '1- 1-', 1],
  ['stops at a request without a key', '1a 1- 1a', 1],
];

for (const [does, queue, expected] of lengths) {
  test(`batchLength ${does}: ${queue || 'none'}`, () => assert.equal(batchLength(queueOf(queue), 4), expected));
}

const fixed = aSignature({ inputs: [aSpec({ name: 'a' }), aSpec({ name: 'b', shape: [-1, 2] })] });
const open = aSignature({ inputs: [aSpec({ name: 'a', shape: [-1, -1] }), aSpec({ name: 'b', shape: [-1, 3, -1] })] });

function inputsOf(...shapes: (readonly number[])[]): Tensor[] {
  return shapes.map((shape, at) => aTensor({ name: 'ab'[at] ?? '', shape }));
}

test('batchable counts the rows', () => assert.equal(batchable(fixed, inputsOf([3, 4], [3, 2])).rows, 3));

test('batchable lets all requests together where only the first dimension is open', () =>
  assert.equal(
    batchable(fixed, inputsOf([3, 4], [3, 2])).batchKey,
    batchable(fixed, inputsOf([1, 4], [1, 2])).batchKey,
  ));

test('batchable lets requests of the same sizes together', () =>
  assert.equal(
    batchable(open, inputsOf([3, 5], [3, 3, 7])).batchKey,
    batchable(open, inputsOf([1, 5], [1, 3, 7])).batchKey,
  ));

test('batchable keeps requests of different sizes apart', () => {
  const keys = [
    inputsOf([1, 5], [1, 3, 7]),
    inputsOf([1, 6], [1, 3, 7]),
    inputsOf([1, 5], [1, 3, 8]),
    inputsOf([1, 53], [1, 3, 7]),
  ].map((inputs) => batchable(open, inputs).batchKey);
  assert.equal(new Set(keys).size, keys.length);
});

test('batchable refuses inputs with different numbers of rows', () =>
  assert.throws(() => batchable(fixed, inputsOf([3, 4], [2, 2])), {
    code: 'TensorInvalid',
    message: 'input "b" has 2 row(s) and input "a" has 3: the first dimensions must agree',
  }));

test('mergeRows leaves a request that is alone', () => {
  const inputs = inputsOf([2, 4]);
  assert.equal(mergeRows([inputs]), inputs);
});

test('mergeRows puts the rows of each input one after the other', () => {
  const first = [aTensor({ shape: [1, 2], data: Float32Array.of(1, 2) })];
  const second = [aTensor({ shape: [2, 2], data: Float32Array.of(3, 4, 5, 6) })];
  assert.deepEqual(mergeRows([first, second]), [aTensor({ shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) })]);
});

const whole = aTensor({ shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) });

test('splitOutputs gives each request its rows', () =>
  assert.deepEqual(splitOutputs([whole], [1, 2]), [
    [aTensor({ shape: [1, 2], data: Float32Array.of(1, 2) })],
    [aTensor({ shape: [2, 2], data: Float32Array.of(3, 4, 5, 6) })],
  ]));

test('splitOutputs shares memory with the whole', () => {
  const parts = splitOutputs([whole], [1, 2])?.flat() as Tensor[];
  for (const { data } of parts) assert.equal((data as Float32Array).buffer, (whole.data as Float32Array).buffer);
});

const unsplit: ReadonlyArray<readonly [does: string, shape: readonly number[], rows: readonly number[]]> = [
  ['fewer rows than went in', [2, 2], [1, 2]],
  ['more rows than went in', [4, 2], [1, 2]],
  ['no first dimension', [], [1, 2]],
  ['one row for all', [1, 2], [1, 2]],
  ['other rows than the only request', [2, 2], [1]],
];

for (const [does, shape, rows] of unsplit) {
  test(`splitOutputs gives nothing for an output with ${does}`, () =>
    assert.equal(splitOutputs([whole, aTensor({ shape })], rows), undefined));
}

/** One to four requests for the same inputs, of any datatypes and any shapes of a row. */
const anyRequests = fc
  .tuple(
    fc.array(
      fc.record({
        datatype: fc.constantFrom(...DATATYPES),
        rowShape: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
  )
  .chain(([specs, rows]) =>
    fc.tuple(
      ...rows.map((count) =>
        fc.tuple(
          ...specs.map(({ datatype, rowShape }, at) => {
            const shape = [count, ...rowShape];
            return anyData(datatype, elementCount(shape)).map(
              (data): Tensor => ({ name: `${at}`, datatype, shape, data }),
            );
          }),
        ),
      ),
    ),
  );

test('splitOutputs gives back what mergeRows put together', () =>
  fc.assert(
    fc.property(anyRequests, (requests) => {
      const rows = requests.map(([first]) => first?.shape[0] ?? 0);
      assert.deepEqual(splitOutputs(mergeRows(requests), rows), requests);
    }),
    { numRuns: 300 },
  ));

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DATATYPES, type Datatype, type Tensor, type TensorData } from '../inference/index.ts';
import { anyData, aTensor } from '../testing.ts';
import { mergeRows } from './batch.ts';
import { makeProbeRows, rowsAreIndependent } from './rows-are-independent.ts';

function rowOf(datatype: Datatype, data: TensorData): Tensor {
  return aTensor({ datatype, shape: [1, data.length], data });
}
const floats = (...elements: number[]) => rowOf('FP32', Float32Array.from(elements));
const doubles = (...elements: number[]) => rowOf('FP64', Float64Array.from(elements));
const bits = (...elements: number[]) => rowOf('FP16', Uint16Array.from(elements));
const integers = (...elements: number[]) => rowOf('INT32', Int32Array.from(elements));
const bigints = (...elements: bigint[]) => rowOf('INT64', BigInt64Array.from(elements));
const texts = (...elements: string[]) => rowOf('BYTES', elements);

/** Whether a row that comes out as `together` beside another, and as `alone` by itself, is taken for the same. */
function isAlike(together: Tensor, alone: Tensor): boolean {
  const other = { ...alone, data: alone.data.slice() };
  return rowsAreIndependent(mergeRows([[together], [other]]), [[alone], [other]]);
}

const [ONE, ALMOST_ONE, TWO] = [0x3c00, 0x3bff, 0x4000];

const comparisons: ReadonlyArray<readonly [does: string, together: Tensor, alone: Tensor, expected: boolean]> = [
  ['the same numbers', floats(1, 2), floats(1, 2), true],
  ['numbers that are rounded otherwise', floats(1, 2), floats(1.0000001, 2), true],
  ['small numbers that are rounded otherwise', floats(1e-7), floats(-1e-7), true],
  ['large numbers that are rounded otherwise', floats(1e20), floats(1.0000001e20), true],
  ['other numbers', floats(1, 2), floats(1, 2.1), false],
  ['NaN twice', floats(Number.NaN), floats(Number.NaN), true],
  ['NaN and a number', floats(Number.NaN), floats(1), false],
  ['a number and NaN', floats(1), floats(Number.NaN), false],
  ['infinity twice', floats(1 / 0), floats(1 / 0), true],
  ['a number and infinity', doubles(1), doubles(1 / 0), false],
  ['infinity and a number', doubles(1 / 0), doubles(1), false],
  ['two infinities', doubles(1 / 0), doubles(-1 / 0), false],
  ['FP16 that is rounded otherwise', bits(ONE), bits(ALMOST_ONE), true],
  ['other FP16', bits(ONE), bits(TWO), false],
  ['the two zeros of FP16', bits(0), bits(0x8000), true],
  ['the same integers', integers(5000), integers(5000), true],
  ['integers that are near', integers(5000), integers(5001), false],
  ['big integers that are near', bigints(5000n), bigints(5001n), false],
  ['the same texts', texts('a'), texts('a'), true],
  ['other texts', texts('a'), texts('b'), false],
];

for (const [does, together, alone, expected] of comparisons) {
  test(`${does} are ${expected ? 'taken for the same' : 'told apart'}`, () =>
    assert.equal(isAlike(together, alone), expected));
}

test('rows are not independent when the second one differs', () =>
  assert.equal(
    rowsAreIndependent([aTensor({ shape: [2, 1], data: Float32Array.of(1, 3) })], [[floats(1)], [floats(2)]]),
    false,
  ));

test('rows are not independent when one of several outputs differs', () => {
  const together = [aTensor({ shape: [2, 1], data: Float32Array.of(1, 2) }), aTensor({ shape: [2, 1] })];
  assert.equal(
    rowsAreIndependent(together, [
      [floats(1), floats(0)],
      [floats(2), floats(9)],
    ]),
    false,
  );
});

test('rows are not independent when an output does not have one row for each', () =>
  assert.equal(rowsAreIndependent([floats(1)], [[floats(1)], [floats(1)]]), false));

test('rows are not independent when an output has another width alone', () =>
  assert.equal(
    rowsAreIndependent([aTensor({ shape: [2, 1] })], [[aTensor({ shape: [1, 1] })], [aTensor({ shape: [1, 2] })]]),
    false,
  ));

const probes: ReadonlyArray<readonly [does: string, Tensor, first: TensorData, second: TensorData]> = [
  ['turns the row round', floats(1, 2, 3), Float32Array.of(1, 2, 3), Float32Array.of(3, 2, 1)],
  [
    'takes only the first row',
    aTensor({ shape: [2, 2], data: Float32Array.of(1, 2, 8, 9) }),
    Float32Array.of(1, 2),
    Float32Array.of(2, 1),
  ],
  ['counts up from zeros', floats(0, 0, 0), Float32Array.of(0, 0, 0), Float32Array.of(1, 2, 3)],
  [
    'counts up from a row that reads the same backwards',
    floats(1, 5, 1),
    Float32Array.of(1, 5, 1),
    Float32Array.of(2, 7, 4),
  ],
  ['halves what is too large to count up from', floats(1e9), Float32Array.of(1e9), Float32Array.of(5e8)],
  ['counts up in FP16', bits(0, 0), Uint16Array.of(0, 0), Uint16Array.of(ONE, TWO)],
  ['counts up from big integers', bigints(7n), BigInt64Array.of(7n), BigInt64Array.of(8n)],
  ['goes round at the end of a range', rowOf('UINT8', Uint8Array.of(255)), Uint8Array.of(255), Uint8Array.of(0)],
  [
    'gives booleans their opposite',
    rowOf('BOOL', Uint8Array.of(1, 0, 1)),
    Uint8Array.of(1, 0, 1),
    Uint8Array.of(0, 1, 0),
  ],
  ['gives one boolean its opposite', rowOf('BOOL', Uint8Array.of(1)), Uint8Array.of(1), Uint8Array.of(0)],
  ['numbers texts', texts('', ''), ['', ''], ['1', '2']],
];

for (const [does, input, first, second] of probes) {
  test(`makeProbeRows ${does}`, () => {
    const shape = [1, first.length];
    const expected = [[{ ...input, shape, data: first }], [{ ...input, shape, data: second }]];
    assert.deepEqual(makeProbeRows([input]).slice(0, 2), expected);
  });
}

test('makeProbeRows leaves the inputs as they were', () => {
  const input = floats(0, 0);
  makeProbeRows([input]);
  assert.deepEqual(input, floats(0, 0));
});

/** NaN and infinities count up to themselves, so that such a row stays as it is. */
function isAllFinite({ datatype, data }: Tensor): boolean {
  const isNumber = (element: unknown) =>
    datatype === 'FP16'
      ? (Number(element) & 0x7c00) !== 0x7c00
      : typeof element !== 'number' || Number.isFinite(element);
  return Array.from<unknown>(data).every(isNumber);
}

for (const datatype of DATATYPES) {
  const anyRow = anyData(datatype, 2)
    .map((data) => rowOf(datatype, data))
    .filter(isAllFinite);

  test(`makeProbeRows gives two rows of ${datatype} that differ`, () =>
    fc.assert(
      fc.property(anyRow, (row) => {
        const [first, second] = makeProbeRows([row]);
        assert.notDeepEqual(first?.[0]?.data, second?.[0]?.data);
      }),
    ));
}

test('makeProbeRows keeps booleans 0 and 1', () =>
  fc.assert(
    fc.property(anyData('BOOL', 3), (data) => {
      for (const [row] of makeProbeRows([rowOf('BOOL', data)])) {
        assert.ok(Array.from<unknown>(row?.data ?? []).every((element) => element === 0 || element === 1));
      }
    }),
  ));

test('makeProbeRows repeats elements that the model surely takes, and stretches floats', () => {
  const rowsOf = (input: Tensor) => makeProbeRows([input]).map(([row]) => Array.from<unknown>(row?.data ?? []));
  assert.deepEqual(rowsOf(floats(1, 2)), [
    [1, 2],
    [2, 1],
    [1, 1],
    [2, 2],
    [2, 1.75],
  ]);
  assert.deepEqual(rowsOf(rowOf('INT64', BigInt64Array.of(7n, 9n))), [
    [7n, 9n],
    [9n, 7n],
    [7n, 7n],
    [9n, 9n],
  ]);
});

test('makeProbeRows stretches floats of any size, and any number of them, to floats', () => {
  const largest = Float32Array.of(3.4e38, 1);
  assert.ok(makeProbeRows([floats(...largest)]).every(([row]) => isAllFinite(row as Tensor)));
  const many = rowOf('FP16', new Uint16Array(150_000).fill(ONE, 75_000));
  assert.ok(makeProbeRows([many]).every(([row]) => isAllFinite(row as Tensor)));
});

test('makeProbeRows tells texts with commas apart', () =>
  assert.deepEqual(
    makeProbeRows([texts('a', 'a,a')]).map(([row]) => row?.data),
    [
      ['a', 'a,a'],
      ['a,a', 'a'],
      ['a', 'a'],
      ['a,a', 'a,a'],
    ],
  ));

type Model = (rows: readonly (readonly number[])[]) => readonly (readonly number[])[];

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const columns = (rows: readonly (readonly number[])[], at: number) => rows.map((row) => row[at] as number);
const models: ReadonlyArray<readonly [does: string, model: Model, isIndependent: boolean]> = [
  ['doubles', (rows) => rows.map((row) => row.map((value) => value * 2)), true],
  ['takes the mean of its own row', (rows) => rows.map((row) => [sum(row) / row.length]), true],
  [
    'takes the mean of all',
    (rows) => rows.map((row) => row.map((value) => value - sum(rows.flat()) / rows.flat().length)),
    false,
  ],
  [
    'divides by the largest of all',
    (rows) => rows.map((row) => row.map((value) => value / Math.max(...rows.flat()))),
    false,
  ],
  [
    'divides by the norm of all',
    (rows) => rows.map((row) => row.map((value) => value / Math.hypot(...rows.flat()))),
    false,
  ],
  [
    'takes the mean of a column',
    (rows) => rows.map((row) => row.map((value, at) => value - sum(columns(rows, at)) / rows.length)),
    false,
  ],
  [
    'takes the softmax of a column',
    (rows) => rows.map((row) => row.map((value, at) => Math.exp(value) / sum(columns(rows, at).map(Math.exp)))),
    false,
  ],
  [
    'sums up a column',
    (rows) => rows.map((row, at) => row.map((_, column) => sum(columns(rows.slice(0, at + 1), column)))),
    false,
  ],
  [
    'takes the softmax of its own row',
    (rows) => rows.map((row) => row.map((v) => Math.exp(v) / sum(row.map(Math.exp)))),
    true,
  ],
  [
    'divides by the spread of all',
    (rows) => {
      const all = rows.flat();
      const mean = sum(all) / all.length;
      const spread = Math.sqrt(sum(all.map((value) => (value - mean) ** 2)) / all.length);
      return rows.map((row) => row.map((value) => value / (1 + spread)));
    },
    false,
  ],
  [
    'gives the place of the largest of all',
    (rows) => rows.map(() => [rows.flat().indexOf(Math.max(...rows.flat()))]),
    false,
  ],
  [
    'ranks all',
    (rows) => rows.map((row) => row.map((value) => rows.flat().filter((other) => other < value).length)),
    false,
  ],
];

for (const [does, model, isIndependent] of models) {
  test(`the probe rows ${isIndependent ? 'clear' : 'find out'} a model that ${does}`, () => {
    for (const example of [floats(5.1, 3.5, 1.4, 0.2), floats(0, 0, 0, 0), floats(1, 2, 2, 1), floats(3)]) {
      const probes = makeProbeRows([example]).map(([row]) => Array.from(row?.data as Float32Array));
      const outputOf = (rows: readonly (readonly number[])[]): readonly Tensor[] => [
        { ...doubles(...rows.flat()), shape: [rows.length, rows[0]?.length ?? 0] },
      ];
      const alone = probes.map((row) => outputOf(model([row])));
      assert.equal(rowsAreIndependent(outputOf(model(probes)), alone), isIndependent, String(example.data));
    }
  });
}

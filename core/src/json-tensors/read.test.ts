import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Datatype, TensorData } from '../inference/index.ts';
import { InexactInteger, parseExactly, readData } from './read.ts';

const LARGEST_FP32 = 2 ** 128 - 2 ** 104;
/** Half-way between the largest 32-bit float and the next, which there is not: from here on, numbers round to infinity. */
const FP32_OVERFLOW = 2 ** 128 - 2 ** 103;
const JUST_BELOW_OVERFLOW = FP32_OVERFLOW - 2 ** 75;

/** Reads a JSON text as the data of a tensor "x" of shape [N], the way a body is read. */
function readText(datatype: Datatype, text: string): TensorData {
  const value = JSON.parse(text) as unknown[];
  try {
    return readData('x', datatype, [value.length], value);
  } catch (error) {
    if (!(error instanceof InexactInteger)) throw error;
    return readData('x', datatype, [value.length], parseExactly(text));
  }
}

const taken: ReadonlyArray<readonly [does: string, Datatype, text: string, expected: TensorData]> = [
  ['both', 'BOOL', '[true, false]', Uint8Array.of(1, 0)],
  ['the extremes', 'UINT8', '[0, 255]', Uint8Array.of(0, 255)],
  ['the extremes', 'UINT16', '[0, 65535]', Uint16Array.of(0, 65535)],
  ['the extremes', 'UINT32', '[0, 4294967295]', Uint32Array.of(0, 4294967295)],
  ['the extremes', 'UINT64', '[0, 18446744073709551615]', BigUint64Array.of(0n, 2n ** 64n - 1n)],
  ['the extremes', 'INT8', '[-128, 127]', Int8Array.of(-128, 127)],
  ['the extremes', 'INT16', '[-32768, 32767]', Int16Array.of(-32768, 32767)],
  ['the extremes', 'INT32', '[-2147483648, 2147483647]', Int32Array.of(-2147483648, 2147483647)],
  [
    'the extremes',
    'INT64',
    '[-9223372036854775808, 9223372036854775807]',
    BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n),
  ],
  ['an integer that a double cannot hold', 'INT64', '[9007199254740993]', BigInt64Array.of(9007199254740993n)],
  ['whole numbers in any form', 'INT32', '[1.0, 1e3, -0]', Int32Array.of(1, 1000, 0)],
  ['whole numbers in any form', 'INT64', '[1.0, 1e3, -0]', BigInt64Array.of(1n, 1000n, 0n)],
  ['NaN and infinities as texts', 'FP32', '["NaN", "Infinity", "-Infinity"]', Float32Array.of(NaN, 1 / 0, -1 / 0)],
  ['NaN and infinities as texts', 'FP64', '["NaN", "Infinity", "-Infinity"]', Float64Array.of(NaN, 1 / 0, -1 / 0)],
  ['the sign of zero', 'FP32', '[-0, 0]', Float32Array.of(-0, 0)],
  ['the largest number, written short', 'FP32', '[3.4028235e38]', Float32Array.of(LARGEST_FP32)],
  ['all that rounds to the largest number', 'FP32', `[${JUST_BELOW_OVERFLOW}]`, Float32Array.of(LARGEST_FP32)],
  ['all that rounds to the smallest number', 'FP32', `[-${JUST_BELOW_OVERFLOW}]`, Float32Array.of(-LARGEST_FP32)],
  ['what is too small for it, as zero', 'FP32', '[1e-50]', Float32Array.of(0)],
  ['an integer beyond 2^53, rounded', 'FP32', '[9007199254740993]', Float32Array.of(2 ** 53)],
  ['the largest number', 'FP64', '[1.7976931348623157e308]', Float64Array.of(Number.MAX_VALUE)],
  ['texts', 'BYTES', '["", "é🚢"]', ['', 'é🚢']],
];

for (const [does, datatype, text, expected] of taken) {
  test(`${datatype} takes ${does}: ${text}`, () => assert.deepEqual(readText(datatype, text), expected));
}

const FP32 = 'a number that fits FP32';
const refused: ReadonlyArray<readonly [Datatype, text: string, expected: string, found: string]> = [
  ['UINT8', '[-1]', 'a whole number from 0 to 255 (UINT8)', '-1'],
  ['UINT8', '[256]', 'a whole number from 0 to 255 (UINT8)', '256'],
  ['UINT16', '[-1]', 'a whole number from 0 to 65535 (UINT16)', '-1'],
  ['UINT16', '[65536]', 'a whole number from 0 to 65535 (UINT16)', '65536'],
  ['UINT32', '[-1]', 'a whole number from 0 to 4294967295 (UINT32)', '-1'],
  ['UINT32', '[4294967296]', 'a whole number from 0 to 4294967295 (UINT32)', '4294967296'],
  ['UINT64', '[-1]', 'a whole number from 0 to 18446744073709551615 (UINT64)', '-1'],
  [
    'UINT64',
    '[18446744073709551616]',
    'a whole number from 0 to 18446744073709551615 (UINT64)',
    '18446744073709551616',
  ],
  ['INT8', '[-129]', 'a whole number from -128 to 127 (INT8)', '-129'],
  ['INT8', '[128]', 'a whole number from -128 to 127 (INT8)', '128'],
  ['INT16', '[-32769]', 'a whole number from -32768 to 32767 (INT16)', '-32769'],
  ['INT16', '[32768]', 'a whole number from -32768 to 32767 (INT16)', '32768'],
  ['INT32', '[-2147483649]', 'a whole number from -2147483648 to 2147483647 (INT32)', '-2147483649'],
  ['INT32', '[2147483648]', 'a whole number from -2147483648 to 2147483647 (INT32)', '2147483648'],
  [
    'INT64',
    '[-9223372036854775809]',
    'a whole number from -9223372036854775808 to 9223372036854775807 (INT64)',
    '-9223372036854775809',
  ],
  [
    'INT64',
    '[9223372036854775808]',
    'a whole number from -9223372036854775808 to 9223372036854775807 (INT64)',
    '9223372036854775808',
  ],
  ['INT64', '[9007199254740993.0]', 'an integer in plain digits (INT64, UINT64)', '9007199254740992'],
  ['INT64', '[1e18]', 'an integer in plain digits (INT64, UINT64)', '1000000000000000000'],
  ['INT64', '[1e30]', 'a whole number from -9223372036854775808 to 9223372036854775807 (INT64)', '1e+30'],
  ['INT64', '[1.5]', 'a whole number from -9223372036854775808 to 9223372036854775807 (INT64)', '1.5'],
  ['INT64', '["1"]', 'a whole number from -9223372036854775808 to 9223372036854775807 (INT64)', '"1"'],
  [
    'INT64',
    '[[9007199254740993]]',
    'a whole number from -9223372036854775808 to 9223372036854775807 (INT64)',
    '[9007199254740992]',
  ],
  ['INT32', '[1.5]', 'a whole number from -2147483648 to 2147483647 (INT32)', '1.5'],
  ['INT32', '[null]', 'a whole number from -2147483648 to 2147483647 (INT32)', 'null'],
  ['INT32', '[true]', 'a whole number from -2147483648 to 2147483647 (INT32)', 'true'],
  ['INT32', '["NaN"]', 'a whole number from -2147483648 to 2147483647 (INT32)', '"NaN"'],
  ['FP32', '[3.5e38]', FP32, '3.5e+38'],
  ['FP32', `[${FP32_OVERFLOW}]`, FP32, `${FP32_OVERFLOW}`],
  ['FP32', `[-${FP32_OVERFLOW}]`, FP32, `-${FP32_OVERFLOW}`],
  ['FP32', '[1e999]', FP32, 'Infinity'],
  ['FP64', '[-1e999]', 'a number that fits FP64', '-Infinity'],
  ['FP32', '[null]', FP32, 'null'],
  ['FP32', '[true]', FP32, 'true'],
  ['FP32', '["1"]', FP32, '"1"'],
  ['FP32', '["nan"]', FP32, '"nan"'],
  ['FP32', '["constructor"]', FP32, '"constructor"'],
  ['FP64', '["__proto__"]', 'a number that fits FP64', '"__proto__"'],
  ['FP32', '[{"a": [1, 2]}]', FP32, '{"a":[1,2]}'],
  ['FP32', '[[1]]', FP32, '[1]'],
  ['BOOL', '[1]', 'true or false (BOOL)', '1'],
  ['BOOL', '["true"]', 'true or false (BOOL)', '"true"'],
  ['BOOL', '[null]', 'true or false (BOOL)', 'null'],
  ['BYTES', '[1]', 'a text without NUL and lone surrogates (BYTES)', '1'],
  ['BYTES', '[null]', 'a text without NUL and lone surrogates (BYTES)', 'null'],
  ['BYTES', String.raw`["a\u0000b"]`, 'a text without NUL and lone surrogates (BYTES)', String.raw`"a\u0000b"`],
  ['BYTES', String.raw`["\ud83d"]`, 'a text without NUL and lone surrogates (BYTES)', String.raw`"\ud83d"`],
];

for (const [datatype, text, expected, found] of refused) {
  test(`${datatype} refuses ${text}`, () =>
    assert.throws(() => readText(datatype, text), {
      code: 'TensorInvalid',
      message: `tensor "x" element 0: expected ${expected}, got ${found}`,
    }));
}

for (const datatype of ['FP16', 'BF16'] as const) {
  test(`${datatype} is refused in words`, () =>
    assert.throws(() => readData('x', datatype, [1], [1]), {
      code: 'TensorInvalid',
      message: `tensor "x" is ${datatype}, which JSON cannot carry: it needs a binary form`,
    }));
}

test('an element is named by its place', () =>
  assert.throws(
    () =>
      readData(
        'x',
        'FP32',
        [2, 2],
        [
          [1, 2],
          [3, null],
        ],
      ),
    {
      message: 'tensor "x" element 3: expected a number that fits FP32, got null',
    },
  ));

test('an element can be named otherwise', () =>
  assert.throws(() => readData('x', 'FP32', [2], [1, null], (at) => `feature "${at}"`), {
    message: 'tensor "x" feature "1": expected a number that fits FP32, got null',
  }));

const matrix = Int32Array.of(1, 2, 3, 4, 5, 6);
const forms: ReadonlyArray<readonly [does: string, shape: readonly number[], value: unknown, expected: TensorData]> = [
  ['flat data', [2, 3], [1, 2, 3, 4, 5, 6], matrix],
  [
    'nested data',
    [2, 3],
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    matrix,
  ],
  [
    'data nested three deep',
    [1, 2, 3],
    [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    matrix,
  ],
  ['a scalar alone', [], 7, Int32Array.of(7)],
  ['a scalar in an array', [], [7], Int32Array.of(7)],
  ['no data for a shape without elements', [0], [], Int32Array.of()],
  ['nested data without elements', [2, 0], [[], []], Int32Array.of()],
];

for (const [does, shape, value, expected] of forms) {
  test(`readData takes ${does}`, () => assert.deepEqual(readData('x', 'INT32', shape, value), expected));
}

const INT32 = 'a whole number from -2147483648 to 2147483647 (INT32)';
const misshapen: ReadonlyArray<readonly [does: string, shape: readonly number[], value: unknown, message: string]> = [
  ['too few elements', [2, 3], [1, 2], 'tensor "x" has shape [2,3], which means 6 element(s), got 2'],
  ['too many elements', [2], [1, 2, 3], 'tensor "x" has shape [2], which means 2 element(s), got 3'],
  ['two elements for a scalar', [], [1, 2], 'tensor "x" has shape [], which means 1 element(s), got 2'],
  ['a number for a list', [1], 1, 'tensor "x" must have its data in an array, got 1'],
  ['an object for a list', [1], { 0: 1 }, 'tensor "x" must have its data in an array, got {"0":1}'],
  ['nothing', [1], undefined, 'tensor "x" must have its data in an array, got nothing'],
  [
    'a big integer for a list',
    [1],
    9007199254740993n,
    'tensor "x" must have its data in an array, got 9007199254740993',
  ],
  [
    'a row that is too short',
    [2, 2],
    [[1, 2], [3]],
    'tensor "x" has shape [2,2]: data[1] must be an array of 2, got 1 element(s)',
  ],
  [
    'a row that is too long',
    [2, 2],
    [
      [1, 2],
      [3, 4, 5],
    ],
    'tensor "x" has shape [2,2]: data[1] must be an array of 2, got 3 element(s)',
  ],
  [
    'a row that is missing',
    [2, 2],
    [[1, 2]],
    'tensor "x" has shape [2,2]: data must be an array of 2, got 1 element(s)',
  ],
  ['a number among rows', [2, 2], [[1, 2], 3], 'tensor "x" has shape [2,2]: data[1] must be an array of 2, got 3'],
  [
    'a row that is too short, deep inside',
    [1, 2, 2],
    [[[1, 2], [3]]],
    'tensor "x" has shape [1,2,2]: data[0][1] must be an array of 2, got 1 element(s)',
  ],
  ['nesting that is too deep', [2], [[1], [2]], `tensor "x" element 0: expected ${INT32}, got [1]`],
  ['rows among numbers', [2, 2], [1, [2], 3, 4], `tensor "x" element 1: expected ${INT32}, got [2]`],
  [
    'rows of a big integer, which JSON.stringify cannot show',
    [2],
    [1, [9007199254740993n]],
    `tensor "x" element 1: expected ${INT32}, got [9007199254740993]`,
  ],
];

for (const [does, shape, value, message] of misshapen) {
  test(`readData refuses ${does}`, () =>
    assert.throws(() => readData('x', 'INT32', shape, value), { code: 'TensorInvalid', message }));
}

test('an integer that JSON.parse has rounded comes before anything after it', () =>
  assert.throws(() => readData('x', 'INT64', [2], JSON.parse('[9007199254740993, "wrong"]')), InexactInteger));

test('an integer that is not rounded is not read twice', () =>
  assert.deepEqual(readData('x', 'INT64', [1], JSON.parse('[9007199254740991]')), BigInt64Array.of(9007199254740991n)));

const parsed: ReadonlyArray<readonly [does: string, text: string, expected: unknown]> = [
  ['keeps big integers', '[9007199254740993, -9223372036854775808]', [9007199254740993n, -9223372036854775808n]],
  ['leaves small integers as numbers', '[1, -1, 9007199254740991]', [1, -1, 9007199254740991]],
  ['leaves fractions and exponents as numbers', '[0.5, 1e300, 9007199254740993.0]', [0.5, 1e300, 9007199254740992]],
  ['leaves integers that no 64 bits hold as numbers', '[123456789012345678901]', [123456789012345680000]],
  ['leaves texts', '["9007199254740993"]', ['9007199254740993']],
  ['reads what is nested', '{"a": {"b": [9007199254740993]}}', { a: { b: [9007199254740993n] } }],
];

for (const [does, text, expected] of parsed) {
  test(`parseExactly ${does}`, () => assert.deepEqual(parseExactly(text), expected));
}

test('parseExactly refuses what is not JSON', () => assert.throws(() => parseExactly('{'), SyntaxError));

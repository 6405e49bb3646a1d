import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DATATYPES, type Datatype, elementCount, type TensorData } from '../inference/index.ts';
import { anyData } from '../testing.ts';
import { parseExactly, readData } from './read.ts';
import { exactFloat, type FloatText, shortFloat32, writeData, writeNested } from './write.ts';

const carried = DATATYPES.filter((datatype) => datatype !== 'FP16' && datatype !== 'BF16');

for (const datatype of carried) {
  test(`${datatype}: what is written is read again`, () =>
    fc.assert(
      fc.property(anyData(datatype, 3), (data) => {
        assert.deepEqual(readData('x', datatype, [3], parseExactly(writeData('x', datatype, data, exactFloat))), data);
      }),
    ));

  test(`${datatype}: what is written nested is read again`, () =>
    fc.assert(
      fc.property(
        fc
          .array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 })
          .chain((shape) => fc.tuple(fc.constant(shape), anyData(datatype, elementCount(shape)))),
        ([shape, data]) => {
          const text = writeNested('x', datatype, shape, data, exactFloat);
          assert.deepEqual(readData('x', datatype, shape, parseExactly(text)), data);
        },
      ),
      { numRuns: 50 },
    ));
}

test('FP32: what is written short is read again', () =>
  fc.assert(
    fc.property(anyData('FP32', 3), (data) => {
      assert.deepEqual(readData('x', 'FP32', [3], JSON.parse(writeData('x', 'FP32', data, shortFloat32))), data);
    }),
  ));

for (const datatype of ['FP16', 'BF16'] as const) {
  const expected = {
    code: 'TensorInvalid',
    message: `tensor "y" is ${datatype}, which JSON cannot carry: ask for other outputs`,
  };
  test(`${datatype} is refused in words`, () => {
    assert.throws(() => writeData('y', datatype, Uint16Array.of(1), exactFloat), expected);
    assert.throws(() => writeNested('y', datatype, [1], Uint16Array.of(1), exactFloat), expected);
  });
}

const written: ReadonlyArray<readonly [does: string, Datatype, TensorData, text: string]> = [
  ['no elements', 'FP32', new Float32Array(0), '[]'],
  ['booleans', 'BOOL', Uint8Array.of(1, 0), '[true,false]'],
  ['integers', 'INT8', Int8Array.of(-128, 127), '[-128,127]'],
  ['64-bit integers in all their digits', 'UINT64', BigUint64Array.of(2n ** 64n - 1n), '[18446744073709551615]'],
  ['every digit of the double', 'FP64', Float64Array.of(0.1), '[0.1]'],
  ['every digit of the float', 'FP32', Float32Array.of(0.1), '[0.10000000149011612]'],
  ['NaN and infinities as texts', 'FP64', Float64Array.of(NaN, 1 / 0, -1 / 0), '["NaN","Infinity","-Infinity"]'],
  ['the sign of zero', 'FP32', Float32Array.of(-0, 0), '[-0,0]'],
  ['texts with all that needs an escape', 'BYTES', ['"\n', 'é', '\ud83d'], String.raw`["\"\n","é","\ud83d"]`],
];

for (const [does, datatype, data, text] of written) {
  test(`writeData gives ${does}`, () => assert.equal(writeData('y', datatype, data, exactFloat), text));
}

const six = Int32Array.of(1, 2, 3, 4, 5, 6);
const nested: ReadonlyArray<readonly [does: string, shape: readonly number[], TensorData, text: string]> = [
  ['a scalar without brackets', [], Int32Array.of(7), '7'],
  ['a list', [6], six, '[1,2,3,4,5,6]'],
  ['rows', [2, 3], six, '[[1,2,3],[4,5,6]]'],
  ['rows of columns', [1, 3, 2], six, '[[[1,2],[3,4],[5,6]]]'],
  ['no rows', [0, 3], new Int32Array(0), '[]'],
  ['empty rows', [2, 0], new Int32Array(0), '[[],[]]'],
];

for (const [does, shape, data, text] of nested) {
  test(`writeNested gives ${does}`, () => assert.equal(writeNested('y', 'INT32', shape, data, exactFloat), text));
}

const floats: ReadonlyArray<readonly [does: string, FloatText, value: number, text: string]> = [
  ['exactFloat gives every digit', exactFloat, Math.fround(0.1), '0.10000000149011612'],
  ['shortFloat32 gives what people wrote', shortFloat32, Math.fround(0.1), '0.1'],
  ['shortFloat32 gives nine digits where they are needed', shortFloat32, Math.fround(0.123456789), '0.12345679'],
  ['shortFloat32 gives the smallest float', shortFloat32, 2 ** -149, '1.4013e-45'],
  ['shortFloat32 keeps whole numbers', shortFloat32, 16777216, '16777216'],
  ['shortFloat32 keeps the sign of zero', shortFloat32, -0, '-0'],
  ['shortFloat32 gives NaN as a text', shortFloat32, Number.NaN, '"NaN"'],
];

for (const [does, floatText, value, text] of floats) {
  test(does, () => assert.equal(floatText(value), text));
}

/** Every 32-bit pattern is as likely, so that all exponents come up. */
const anyFiniteFloat32 = fc
  .integer({ min: 0, max: 0xffffffff })
  .map((bits) => new Float32Array(Uint32Array.of(bits).buffer)[0] as number)
  .filter(Number.isFinite);

test('shortFloat32 is the same float, and no longer than exactFloat', () =>
  fc.assert(
    fc.property(anyFiniteFloat32, (value) => {
      const text = shortFloat32(value);
      assert.ok(Object.is(Math.fround(Number(text)), value), text);
      assert.ok(text.length <= exactFloat(value).length, text);
    }),
    { numRuns: 5000 },
  ));

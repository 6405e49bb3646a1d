import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyData } from '../testing.ts';
import { allocate, copyData, DATATYPES, type Datatype, dataBytes, isDatatype, sliceData } from './datatype.ts';

const sizes: ReadonlyArray<readonly [Datatype, elementBytes: number]> = [
  ['BOOL', 1],
  ['UINT8', 1],
  ['UINT16', 2],
  ['UINT32', 4],
  ['UINT64', 8],
  ['INT8', 1],
  ['INT16', 2],
  ['INT32', 4],
  ['INT64', 8],
  ['FP16', 2],
  ['BF16', 2],
  ['FP32', 4],
  ['FP64', 8],
];

for (const [datatype, elementBytes] of sizes) {
  test(`${datatype} takes ${elementBytes} byte(s) an element`, () => {
    const data = allocate(datatype, 3);
    assert.equal(dataBytes(datatype, data), 3 * elementBytes);
    assert.equal((data as Uint8Array).byteLength, 3 * elementBytes);
  });
}

test('BYTES takes two bytes a UTF-16 unit', () => assert.equal(dataBytes('BYTES', ['', 'ab', '😀']), 8));

for (const datatype of DATATYPES) {
  const zero = datatype === 'BYTES' ? '' : datatype.endsWith('INT64') ? 0n : 0;

  test(`${datatype}: allocate gives zeros`, () =>
    assert.deepEqual(Array.from(allocate(datatype, 2) as unknown[]), [zero, zero]));

  test(`${datatype}: copyData puts a part where it belongs and leaves the rest`, () =>
    fc.assert(
      fc.property(anyData(datatype, 2), (part) => {
        const whole = allocate(datatype, 5);
        copyData(part, whole, 2);
        assert.deepEqual(sliceData(whole, 2, 4), part);
        assert.deepEqual([whole[0], whole[1], whole[4]], [zero, zero, zero]);
      }),
      { numRuns: 20 },
    ));
}

test('sliceData shares memory where there are typed arrays', () => {
  const whole = new Float32Array([1, 2, 3]);
  whole[1] = 5;
  assert.equal(sliceData(whole, 1, 3)[0], 5);
  assert.equal((sliceData(whole, 1, 3) as Float32Array).buffer, whole.buffer);
});

const texts: ReadonlyArray<readonly [unknown, boolean]> = [
  ['FP32', true],
  ['BYTES', true],
  ['fp32', false],
  ['STRING', false],
  ['toString', false],
  [undefined, false],
  [7, false],
];

for (const [text, expected] of texts) {
  test(`isDatatype says ${expected} of ${JSON.stringify(text)}`, () => assert.equal(isDatatype(text), expected));
}

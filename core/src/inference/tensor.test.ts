import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elementCount, shapeText } from './tensor.ts';

const shapes: ReadonlyArray<readonly [does: string, shape: readonly number[], count: number, text: string]> = [
  ['a scalar', [], 1, '[]'],
  ['a list', [3], 3, '[3]'],
  ['a matrix', [2, 3], 6, '[2,3]'],
  ['a matrix without rows', [0, 3], 0, '[0,3]'],
];

for (const [does, shape, count, text] of shapes) {
  test(`${does} has ${count} element(s) and reads ${text}`, () => {
    assert.equal(elementCount(shape), count);
    assert.equal(shapeText(shape), text);
  });
}

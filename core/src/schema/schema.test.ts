import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectation, problemText, type Schema } from './schema.ts';

const digest: Schema = { kind: 'text', about: '', pattern: /^\w+$/, patternMeans: 'a digest' };
const size: Schema = { kind: 'integer', about: '', min: 0, max: 9 };

const expectations: ReadonlyArray<readonly [Schema, expected: string]> = [
  [{ kind: 'text', about: '' }, 'a text'],
  [digest, 'a digest'],
  [size, 'a whole number from 0 to 9'],
  [{ kind: 'boolean', about: '' }, 'true or false'],
  [{ kind: 'choice', about: '', of: ['on'] }, '"on"'],
  [{ kind: 'choice', about: '', of: ['on', 'off'] }, 'one of "on", "off"'],
  [{ kind: 'list', about: '', of: size }, 'a list, each a whole number from 0 to 9'],
  [{ kind: 'list', about: '', of: digest, min: 1 }, 'a list of at least 1, each a digest'],
  [{ kind: 'map', about: '', keys: 'file', of: digest }, 'a map from file to a digest'],
  [{ kind: 'object', about: '', fields: { a: size, b: digest } }, 'an object with the fields a, b'],
  [{ kind: 'either', about: '', of: [size, digest] }, 'a whole number from 0 to 9, or a digest'],
  [{ kind: 'anything', about: '' }, 'any value'],
];

for (const [schema, expected] of expectations) {
  test(`expectation: ${expected}`, () => assert.equal(expectation(schema), expected));
}

test('problemText says where, what was expected and what was found', () =>
  assert.equal(
    problemText({ field: 'port', expected: 'a number', found: '"x"' }),
    'port: expected a number, found "x"',
  ));

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listed, modelNotFound, ServingError, shortened, versionNotFound } from './errors.ts';

const messages: ReadonlyArray<readonly [does: string, ServingError, message: string]> = [
  [
    'modelNotFound names the models that are there',
    modelNotFound('iri', ['iris', 'digits']),
    'Request for unknown model: \'iri\' is not found; the models here are "iris", "digits"',
  ],
  [
    'modelNotFound says when there are none',
    modelNotFound('iris', []),
    "Request for unknown model: 'iris' is not found; there are no models here",
  ],
  [
    'modelNotFound repeats no more than the beginning of a long name',
    modelNotFound('m'.repeat(100), []),
    `Request for unknown model: '${'m'.repeat(80)}…' is not found; there are no models here`,
  ],
  [
    'versionNotFound names the versions that are there',
    versionNotFound('iris', '3', ['1', '2']),
    'Request for unknown model: \'iris\' version \'3\' is not found; its versions are "1", "2"',
  ],
];

for (const [does, error, message] of messages) {
  test(does, () => {
    assert.equal(error.code, 'ModelNotFound');
    assert.equal(error.message, message);
  });
}

test('a ServingError keeps its cause', () => {
  const cause = new Error('out of memory');
  assert.equal(new ServingError('RunFailed', 'the run failed', { cause }).cause, cause);
});

test('listed quotes each name', () => assert.equal(listed(['a', 'b c']), '"a", "b c"'));

test('listed gives nothing for no names', () => assert.equal(listed([]), ''));

const lengths: ReadonlyArray<readonly [does: string, text: string, expected: string]> = [
  ['leaves a short text', 'abc', 'abc'],
  ['leaves a text of just the length', 'abcd', 'abcd'],
  ['cuts a longer one', 'abcde', 'abcd…'],
];

for (const [does, text, expected] of lengths) {
  test(`shortened ${does}`, () => assert.equal(shortened(text, 4), expected));
}

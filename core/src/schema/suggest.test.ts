import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closest } from './suggest.ts';

const fields = ['features', 'labels', 'example', 'warmUp', 'batching', 'versions', 'sha256'];

const suggestions: ReadonlyArray<
  readonly [does: string, word: string, candidates: string[], expected: string | undefined]
> = [
  ['two letters in the wrong order', 'lables', fields, 'labels'],
  ['a letter that is missing', 'label', fields, 'labels'],
  ['a letter too many', 'exsample', fields, 'example'],
  ['another letter', 'bathcing', fields, 'batching'],
  ['another case', 'warmup', fields, 'warmUp'],
  ['another case of a short word', 'N', ['n'], 'n'],
  ['the nearest of several', 'port', ['ports', 'part', 'port1', 'Port'], 'Port'],
  ['the first of those as near', 'cat', ['bat', 'hat'], 'bat'],
  ['nothing for another word', 'foo', fields, undefined],
  ['nothing for a word that differs by half', 'fo', ['foo'], undefined],
  ['nothing for a letter that is another', 'c', ['a', 'b'], undefined],
  ['nothing for no letters', '', ['a'], undefined],
  ['nothing among none', 'labels', [], undefined],
  ['nothing for a very long word', 'l'.repeat(100_000), fields, undefined],
];

for (const [does, word, candidates, expected] of suggestions) {
  test(`closest finds ${does}`, () => assert.equal(closest(word, candidates), expected));
}

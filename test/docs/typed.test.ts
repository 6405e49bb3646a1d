import assert from 'node:assert/strict';
import { test } from 'node:test';
import { haveCome, isPrinted } from './typed.ts';

const PODS =
  'NAME   READY   AGE\nmodel-serving-76bc5c5fb6-cfplz   1/1   12s\nmodel-serving-76bc5c5fb6-fszjb   0/1   12s';

const printed: readonly (readonly [what: string, shown: string, found: string, isSo: boolean])[] = [
  ['the same', 'one\ntwo', 'one\ntwo\n', true],
  ['a line more', 'one', 'one\ntwo', false],
  ['a line less', 'one\ntwo', 'one', false],
  ['any text where the page says so', 'took … in all', 'took 12 files in all', true],
  ['any lines where the page says so', 'one\n…\nfour', 'one\ntwo\nthree\nfour', true],
  ['no lines there', 'one\n…\nfour', 'one\nfour', true],
  ['any lines at the end', 'one\n…', 'one\ntwo', true],
  ['columns of other widths', PODS, PODS.replaceAll('   ', '     '), true],
  ['other pods and ages', PODS, PODS.replaceAll('cfplz', 'x2v4b').replaceAll('12s', '3m4s'), true],
  ['a pod that is not ready', PODS, PODS.replaceAll('1/1', '0/1'), false],
  ['a sign that means something in patterns', 'a.b (c)', 'a.b (c)', true],
  ['another sign in its place', 'a.b', 'axb', false],
];
for (const [what, shown, found, isSo] of printed) {
  test(`a page's output is held against ${what}`, () => assert.equal(isPrinted(shown, found), isSo));
}

test('of a command that goes on, the lines have come when they stand there in order, among others', () => {
  assert.ok(haveCome('one\nthree', 'zero\none\ntwo\nthree\nfour\n'));
  assert.ok(!haveCome('three\none', 'zero\none\ntwo\nthree\n'));
  assert.ok(!haveCome('one\none', 'zero\none\ntwo\n'));
});

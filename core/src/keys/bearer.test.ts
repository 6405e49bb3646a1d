import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bearerOf } from './bearer.ts';

const cases: ReadonlyArray<readonly [does: string, header: string | undefined, expected: string | undefined]> = [
  ['finds no key where there is no header', undefined, undefined],
  ['takes the scheme as RFC 6750 writes it', 'Bearer berth_x', 'berth_x'],
  ['takes the scheme in any case', 'bEARER berth_x', 'berth_x'],
  ['takes more than one blank', 'Bearer   berth_x ', 'berth_x'],
  ['finds none in another scheme', 'Basic berth_x', undefined],
  ['finds none in a scheme that only begins so', 'Bearers berth_x', undefined],
  ['finds none in the scheme alone', 'Bearer', undefined],
  ['finds none in the scheme and blanks', 'Bearer  ', undefined],
  ['finds none without a scheme', 'berth_x', undefined],
  ['takes what is no key for one, which will be unknown', 'Bearer a b', 'a b'],
];

for (const [does, header, expected] of cases) {
  test(`bearerOf ${does}`, () => assert.equal(bearerOf(header), expected));
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANYONE, type ApiKey, type Caller, KEYLESS, UNKNOWN_KEY } from '@berth/core/keys';
import { digestOf, KeyRing } from './key-ring.ts';

const aKey = (key: string, name: string): ApiKey => ({ name, sha256: digestOf(key), models: '*' });
const first = aKey('first', 'shop');
const second = aKey('second', 'web');
const known = (key: ApiKey): Caller => ({ kind: 'known', key });

const cases: ReadonlyArray<
  readonly [tells: string, keys: readonly ApiKey[] | undefined, header: string | undefined, expected: Caller]
> = [
  ['anyone where no keys are asked for', undefined, undefined, ANYONE],
  ['anyone there even with a key', undefined, 'Bearer first', ANYONE],
  ['who comes without a key', [first], undefined, KEYLESS],
  ['who comes with another scheme', [first], 'Basic first', KEYLESS],
  ['who comes with another key', [first], 'Bearer second', UNKNOWN_KEY],
  ['who comes with the digest instead of the key', [first], `Bearer ${first.sha256}`, UNKNOWN_KEY],
  ['who comes with anything where no key is listed', [], 'Bearer first', UNKNOWN_KEY],
  ['a first key', [first, second], 'Bearer first', known(first)],
  ['a second key', [first, second], 'Bearer second', known(second)],
  [
    'a key of any length',
    [aKey('k'.repeat(10_000), 'long')],
    `Bearer ${'k'.repeat(10_000)}`,
    known(aKey('k'.repeat(10_000), 'long')),
  ],
];

for (const [tells, keys, header, expected] of cases) {
  test(`a key ring tells ${tells}`, () => assert.deepEqual(new KeyRing(keys).callerOf(header), expected));
}

test('digestOf is SHA-256 in hexadecimal digits, as sha256sum writes it', () =>
  assert.equal(digestOf('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'));

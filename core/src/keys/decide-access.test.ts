import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyModels } from './api-key.ts';
import {
  type Access,
  ANYONE,
  type Caller,
  decideAccess,
  KEYLESS,
  mayUse,
  mayUseEverything,
  UNKNOWN_KEY,
} from './decide-access.ts';

const withKeyFor = (models: KeyModels): Caller => ({
  kind: 'known',
  key: { name: 'shop', sha256: 'a'.repeat(64), models },
});
const IRIS = withKeyFor(['iris']);
const EVERY = withKeyFor('*');

const GRANTED: Access = { kind: 'granted' };
const MISSING: Access = { kind: 'refused', reason: 'KeyMissing' };
const UNKNOWN: Access = { kind: 'refused', reason: 'KeyUnknown' };
const NOT_FOR_IT: Access = { kind: 'refused', reason: 'KeyNotForModel', keyName: 'shop' };

const cases: ReadonlyArray<readonly [does: string, caller: Caller, model: string | undefined, expected: Access]> = [
  ['lets anyone in where no keys are asked for', ANYONE, undefined, GRANTED],
  ['lets anyone to a model where no keys are asked for', ANYONE, 'iris', GRANTED],
  ['lets nobody in without a key', KEYLESS, undefined, MISSING],
  ['lets nobody to a model without a key', KEYLESS, 'iris', MISSING],
  ['lets nobody in with another key', UNKNOWN_KEY, undefined, UNKNOWN],
  ['lets nobody to a model with another key', UNKNOWN_KEY, 'iris', UNKNOWN],
  ['lets a key in', IRIS, undefined, GRANTED],
  ['lets a key to its model', IRIS, 'iris', GRANTED],
  ['lets a key to no other model', IRIS, 'digits', NOT_FOR_IT],
  ['does not take a part of a name for it', IRIS, 'iri', NOT_FOR_IT],
  ['lets a key for every model to any', EVERY, 'digits', GRANTED],
  ['lets a key for no model to none', withKeyFor([]), '*', NOT_FOR_IT],
];

for (const [does, caller, model, expected] of cases) {
  test(`decideAccess ${does}`, () => assert.deepEqual(decideAccess(caller, model), expected));
  if (model !== undefined) {
    test(`mayUse agrees: ${does}`, () => assert.equal(mayUse(caller, model), expected.kind === 'granted'));
  }
}

for (const [who, caller, expected] of [
  ['anyone, where no keys are asked for', ANYONE, true],
  ['nobody without a key', KEYLESS, false],
  ['nobody with another key', UNKNOWN_KEY, false],
  ['no key for some models', IRIS, false],
  ['a key for every model', EVERY, true],
] as const) {
  test(`mayUseEverything: ${who}`, () => assert.equal(mayUseEverything(caller), expected));
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkInputs, DATATYPES, type Signature } from '../inference/index.ts';
import { anyText, aSignature, aSpec } from '../testing.ts';
import { makeExample, makeZeroInputs } from './make-example.ts';
import { readFriendly } from './read-friendly.ts';

const examples: ReadonlyArray<readonly [does: string, Signature, expected: unknown]> = [
  ['a row of zeros', aSignature(), [0, 0, 0, 0]],
  ['an open dimension of size 1', aSignature({ inputs: [aSpec({ shape: [-1, -1, 2] })] }), [[0, 0]]],
  ['one element for rank 1', aSignature({ inputs: [aSpec({ shape: [-1], datatype: 'BYTES' })] }), 'text'],
  ['a scalar by its name', aSignature({ inputs: [aSpec({ shape: [] })] }), { inputs: { x: 0 } }],
  ['a fixed batch by its name', aSignature({ inputs: [aSpec({ shape: [2, 1] })] }), { inputs: { x: [[0], [0]] } }],
  [
    'several inputs by their names',
    aSignature({
      inputs: [
        aSpec({ name: 'on', datatype: 'BOOL', shape: [-1, 2] }),
        aSpec({ name: 'words', datatype: 'BYTES', shape: [-1] }),
        aSpec({ name: 'n', datatype: 'INT64', shape: [] }),
      ],
    }),
    { inputs: { on: [[false, false]], words: ['text'], n: 0 } },
  ],
  ['no inputs', aSignature({ inputs: [] }), { inputs: {} }],
];

for (const [does, signature, expected] of examples) {
  test(`makeExample gives ${does}`, () => assert.deepEqual(makeExample(signature), expected));
}

test('makeZeroInputs closes open dimensions with 1', () =>
  assert.deepEqual(makeZeroInputs(aSignature({ inputs: [aSpec({ name: 'n', datatype: 'INT8', shape: [-1, 2] })] })), [
    { name: 'n', datatype: 'INT8', shape: [1, 2], data: Int8Array.of(0, 0) },
  ]));

const anySpec = fc.record({
  name: fc.oneof(anyText, fc.constantFrom('inputs', '__proto__', 'constructor')),
  datatype: fc.constantFrom(...DATATYPES),
  shape: fc.array(fc.constantFrom(-1, 1, 2, 3), { maxLength: 5 }),
});
const anySignature = fc
  .uniqueArray(anySpec, { selector: (spec) => spec.name, maxLength: 3 })
  .map((specs) => aSignature({ inputs: specs.map(aSpec) }));

test('the zero inputs of any model are accepted', () =>
  fc.assert(
    fc.property(anySignature, (signature) => {
      const inputs = makeZeroInputs(signature);
      assert.deepEqual(checkInputs(signature, inputs), inputs);
    }),
  ));

test('the example of any model that JSON can ask is accepted, and means the zero inputs', () =>
  fc.assert(
    fc.property(
      anySignature.filter(({ inputs }) => inputs.every(({ datatype }) => !['FP16', 'BF16'].includes(datatype))),
      (signature) => {
        const body = JSON.parse(JSON.stringify(makeExample(signature)));
        const inputs = checkInputs(signature, readFriendly(signature, undefined, body));
        const zeros = makeZeroInputs(signature);
        assert.deepEqual(
          inputs.map(({ shape }) => shape),
          zeros.map(({ shape }) => shape),
        );
        for (const [at, { datatype, data }] of inputs.entries()) {
          if (datatype === 'BYTES') assert.ok((data as string[]).every((text) => text === 'text'));
          else assert.deepEqual(data, zeros[at]?.data);
        }
      },
    ),
    { numRuns: 500 },
  ));

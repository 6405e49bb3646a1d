import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { problemText } from '../schema/index.ts';
import { type ApiKey, EVERY_MODEL, isKeyName, isModelName, keyLine } from './api-key.ts';
import { type KeyFile, parseKeyFiles } from './parse-key-files.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

const aKey = (told: Partial<ApiKey> = {}): ApiKey => ({ name: 'shop', sha256: A, models: EVERY_MODEL, ...told });
const parse = (...texts: readonly string[]) =>
  parseKeyFiles(texts.map((text, at): KeyFile => ({ path: `f${at + 1}`, text })));

const read: ReadonlyArray<readonly [does: string, texts: readonly string[], keys: readonly ApiKey[]]> = [
  ['reads a key for every model', [`shop sha256:${A} *\n`], [aKey()]],
  ['reads a key for some models', [`shop sha256:${A} iris,a:b\n`], [aKey({ models: ['iris', 'a:b'] })]],
  ['takes any blanks', [` \tshop  sha256:${A}\t* `], [aKey()]],
  ['takes the ends of lines of Windows', [`\r\nshop sha256:${A} *\r\n`], [aKey()]],
  ['takes a byte order mark', [`\ufeffshop sha256:${A} *`], [aKey()]],
  ['takes digits in upper case, as PowerShell writes them', [`shop SHA256:${A.toUpperCase()} *`], [aKey()]],
  ['leaves out blank lines and comments', [`# for the shop\n\n  # more\nshop sha256:${A} * # since May`], [aKey()]],
  [
    'takes several keys of one name',
    [`shop sha256:${A} *\nshop sha256:${B} iris`],
    [aKey(), aKey({ sha256: B, models: ['iris'] })],
  ],
  ['reads several files', [`shop sha256:${A} *`, `web sha256:${B} *`], [aKey(), aKey({ name: 'web', sha256: B })]],
  ['finds no keys in an empty file', [''], []],
  ['takes a name of 40 characters', [`${'n'.repeat(40)} sha256:${A} *`], [aKey({ name: 'n'.repeat(40) })]],
];

for (const [does, texts, keys] of read) {
  test(`parseKeyFiles ${does}`, () => assert.deepEqual(parse(...texts), { ok: true, value: keys }));
}

const NAME = 'expected a name of at most 40 letters, digits, dots, dashes and underscores as the first word';
const DIGEST = 'expected "sha256:" and 64 hexadecimal digits as the second word';
const MODELS = 'expected "*" or the names of models with commas between them as the third word';
const LINE = 'expected "<name> sha256:<64 hexadecimal digits> <models>"';

const refused: ReadonlyArray<readonly [what: string, texts: readonly string[], problems: readonly string[]]> = [
  ['a key by itself', [`\nberth_${A}`], [`f1: line 2: ${LINE}, found 1 word`]],
  ['a line without models', [`shop sha256:${A}`], [`f1: line 1: ${LINE}, found 2 words`]],
  ['blanks between models', [`shop sha256:${A} iris, digits`], [`f1: line 1: ${LINE}, found 4 words`]],
  ['a key for a name', [`berth_${'k'.repeat(43)} sha256:${A} *`], [`f1: line 1: ${NAME}, found one of 49 characters`]],
  [
    'a name with a colon',
    [`shop: sha256:${A} *`],
    [`f1: line 1: ${NAME}, found one with other characters, or one that begins with a mark`],
  ],
  ['a key for its digest', [`shop berth_${'k'.repeat(43)} *`], [`f1: line 1: ${DIGEST}, found no "sha256:"`]],
  ['a digest of another kind', [`shop sha512:${A}${A} *`], [`f1: line 1: ${DIGEST}, found no "sha256:"`]],
  ['half a digest', [`shop sha256:${A.slice(32)} *`], [`f1: line 1: ${DIGEST}, found 32 characters after "sha256:"`]],
  [
    'a key where the digest should be',
    [`shop sha256:${'k'.repeat(64)} *`],
    [`f1: line 1: ${DIGEST}, found 64 characters, not all of them such digits`],
  ],
  ['a comma at the end', [`shop sha256:${A} iris,`], [`f1: line 1: ${MODELS}, found a comma too many`]],
  ['every model among others', [`shop sha256:${A} iris,*`], [`f1: line 1: ${MODELS}, found "*" among names`]],
  ['a path for a model', [`shop sha256:${A} a/b`], [`f1: line 1: ${MODELS}, found a name that no model can have`]],
  [
    'a key that is there twice',
    [`shop sha256:${A} *`, `\n\nweb sha256:${A} iris`],
    ['f2: line 3: expected each key once, found the same as in f1: line 1'],
  ],
  [
    'everything at once, and no key beside it',
    [`shop sha256:${A} *\nx\n: y z,`],
    [
      `f1: line 2: ${LINE}, found 1 word`,
      `f1: line 3: ${NAME}, found one with other characters, or one that begins with a mark`,
      `f1: line 3: ${DIGEST}, found no "sha256:"`,
      `f1: line 3: ${MODELS}, found a comma too many`,
    ],
  ],
];

for (const [what, texts, problems] of refused) {
  test(`parseKeyFiles refuses ${what}`, () => {
    const parsed = parse(...texts);
    assert.ok(!parsed.ok);
    assert.deepEqual(parsed.problems.map(problemText), problems);
  });
}

test('parseKeyFiles tells ten problems at the most', () => {
  const parsed = parse('x\n'.repeat(1000));
  assert.ok(!parsed.ok && parsed.problems.length === 10);
});

const someText = fc.string({ unit: fc.constantFrom(...'ab *,#:\n\t.'), maxLength: 12 });
const secret = fc.string({ unit: fc.constantFrom(...'XYZ6789-_'), minLength: 12, maxLength: 60 });

test('whatever stands in a file is read or refused, and no message repeats it', () => {
  const word = fc.oneof(someText, fc.string(), secret, fc.constantFrom(`sha256:${A}`, 'sha256:', '*', 'shop', '\n'));
  const line = fc.array(word, { maxLength: 6 }).map((words) => words.join(' '));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), secret, fc.nat(4), (lines, pasted, at) => {
      const parsed = parse(lines.toSpliced(at, 0, `${lines[at] ?? ''}${pasted}`).join('\n'));
      if (parsed.ok) return;
      for (const problem of parsed.problems) assert.ok(!problemText(problem).includes(pasted));
    }),
    { numRuns: 2000 },
  );
});

test('a key whose line is written is read back', () => {
  const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
  const models = fc.oneof(
    fc.constant(EVERY_MODEL),
    fc.array(fc.string({ unit: 'binary' }).filter(isModelName), { minLength: 1 }),
  );
  const name = fc.string({ minLength: 1 }).filter(isKeyName);
  const key = fc.record({ name, sha256: hex, models }, { noNullPrototype: true });
  const keys = fc.uniqueArray(key, { selector: ({ sha256 }) => sha256 });
  fc.assert(fc.property(keys, (value) => assert.deepEqual(parse(value.map(keyLine).join('\n')), { ok: true, value })));
});

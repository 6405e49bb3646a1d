import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, isRecord, problemsIn, shown } from './check.ts';
import { problemText, type Schema } from './schema.ts';

const text = { kind: 'text', about: '' } as const satisfies Schema;
const digits = { kind: 'text', about: '', pattern: /^\d+$/, patternMeans: 'digits' } as const satisfies Schema;
const port = { kind: 'integer', about: '', min: 1, max: 65535 } as const satisfies Schema;
const level = { kind: 'choice', about: '', of: ['debug', 'info'] } as const satisfies Schema;
const isOn = { kind: 'boolean', about: '' } as const satisfies Schema;
const some = { kind: 'list', about: '', of: text, min: 1 } as const satisfies Schema;
const names = { kind: 'list', about: '', of: text, unique: true } as const satisfies Schema;
const ports = { kind: 'map', about: '', keys: 'name', of: port } as const satisfies Schema;
const either = { kind: 'either', about: '', of: [level, { ...names, of: port }] } as const satisfies Schema;
const anything = { kind: 'anything', about: '' } as const satisfies Schema;
const server = {
  kind: 'object',
  about: '',
  fields: { host: text, port, log: { kind: 'object', about: '', fields: { level, names } } },
} as const satisfies Schema;

const taken: ReadonlyArray<readonly [does: string, Schema, value: unknown]> = [
  ['a text', text, ''],
  ['a text of the pattern', digits, '42'],
  ['the least integer', port, 1],
  ['the greatest integer', port, 65535],
  ['a choice', level, 'info'],
  ['true', isOn, true],
  ['false', isOn, false],
  ['a list of the least length', some, ['a']],
  ['a list', names, ['a', 'b']],
  ['an empty list', names, []],
  ['a list with an entry twice where that is allowed', { ...names, unique: false }, ['a', 'a']],
  ['a map', ports, { http: 80, constructor: 443 }],
  ['a map with a name that every object knows', ports, JSON.parse('{"__proto__": 80}')],
  ['one of two', either, 'debug'],
  ['the other of two', either, [1, 2]],
  ['an object', server, { host: 'a', port: 80, log: { level: 'info', names: ['a'] } }],
  ['an object without its fields', server, {}],
  ['anything', anything, null],
  ['anything at all', anything, { deep: [1, 'a'] }],
];

for (const [does, schema, value] of taken) {
  test(`check takes ${does}`, () => assert.deepEqual(problemsIn(schema, value), []));
}

const refused: ReadonlyArray<readonly [does: string, Schema, value: unknown, ...problems: string[]]> = [
  ['a number for a text', text, 5, 'the document: expected a text, found 5'],
  ['a text against the pattern', digits, '4a', 'the document: expected digits, found "4a"'],
  ['nothing for a text', text, undefined, 'the document: expected a text, found nothing'],
  ['an integer that is too small', port, 0, 'the document: expected a whole number from 1 to 65535, found 0'],
  ['an integer that is too large', port, 65536, 'the document: expected a whole number from 1 to 65535, found 65536'],
  ['a fraction', port, 1.5, 'the document: expected a whole number from 1 to 65535, found 1.5'],
  ['NaN', port, Number.NaN, 'the document: expected a whole number from 1 to 65535, found NaN'],
  ['an integer in quotes', port, '80', 'the document: expected a whole number from 1 to 65535, found "80"'],
  ['another choice', level, 'warn', 'the document: expected one of "debug", "info", found "warn"'],
  [
    'a choice that every object knows',
    level,
    'toString',
    'the document: expected one of "debug", "info", found "toString"',
  ],
  ['a text for a boolean', isOn, 'true', 'the document: expected true or false, found "true"'],
  ['a number for a boolean', isOn, 1, 'the document: expected true or false, found 1'],
  ['a list that is too short', some, [], 'the document: expected a list of at least 1, each a text, found []'],
  ['an object for a list', names, { a: 1 }, 'the document: expected a list, each a text, found {"a":1}'],
  [
    'every wrong entry of a list',
    names,
    [1, 'a', null],
    '[0]: expected a text, found 1',
    '[2]: expected a text, found null',
  ],
  ['an entry twice', names, ['a', 'b', 'a'], 'the document: expected each entry once, found "a" twice'],
  [
    'an entry twice, and wrong ones beside it',
    names,
    [null, null],
    '[0]: expected a text, found null',
    '[1]: expected a text, found null',
    'the document: expected each entry once, found null twice',
  ],
  [
    'a list for a map',
    ports,
    [80],
    'the document: expected a map from name to a whole number from 1 to 65535, found [80]',
  ],
  [
    'every wrong value of a map',
    ports,
    { a: 0, b: 'x' },
    'a: expected a whole number from 1 to 65535, found 0',
    'b: expected a whole number from 1 to 65535, found "x"',
  ],
  [
    'what is neither of two',
    either,
    7,
    'the document: expected one of "debug", "info", or a list, each a whole number from 1 to 65535, found 7',
  ],
  ['null for an object', server, null, 'the document: expected an object with the fields host, port, log, found null'],
  ['a list for an object', server, [], 'the document: expected an object with the fields host, port, log, found []'],
  [
    'a mistyped field',
    server,
    { prot: 80 },
    'prot: expected one of the fields host, port, log, found the unknown field "prot"',
  ],
  [
    'a field that is nearly right',
    server,
    { ports: 80 },
    'ports: expected "port" perhaps, found the unknown field "ports"',
  ],
  [
    'a field that every object knows',
    server,
    JSON.parse('{"__proto__": {}, "constructor": 1}'),
    '__proto__: expected one of the fields host, port, log, found the unknown field "__proto__"',
    'constructor: expected one of the fields host, port, log, found the unknown field "constructor"',
  ],
  [
    'every problem, however deep',
    server,
    { host: 5, port: 0, log: { level: 'loud', names: ['a', 'a'], levels: 1 } },
    'host: expected a text, found 5',
    'port: expected a whole number from 1 to 65535, found 0',
    'log.level: expected one of "debug", "info", found "loud"',
    'log.names: expected each entry once, found "a" twice',
    'log.levels: expected "level" perhaps, found the unknown field "levels"',
  ],
];

for (const [does, schema, value, ...problems] of refused) {
  test(`check refuses ${does}`, () => assert.deepEqual(problemsIn(schema, value).map(problemText), problems));
}

test('check names what it was told to check', () =>
  assert.deepEqual(problemsIn(names, [1], 'features'), [{ field: 'features[0]', expected: 'a text', found: '1' }]));

test('check gives the value with the type that its schema means', () => {
  const checked = check(server, { port: 80, log: { level: 'info' } });
  const level: 'debug' | 'info' | undefined = checked.ok ? checked.value.log?.level : undefined;
  assert.equal(level, 'info');
});

for (const value of [null, [], 'a', 1, undefined]) {
  test(`isRecord is false for ${shown(value)}`, () => assert.equal(isRecord(value), false));
}

test('isRecord is true for objects', () => assert.ok(isRecord({}) && isRecord({ a: 1 })));

const circular: Record<string, unknown> = {};
circular.self = circular;

const shownAs: ReadonlyArray<readonly [does: string, value: unknown, expected: string]> = [
  ['nothing', undefined, 'nothing'],
  ['null', null, 'null'],
  ['a number', 1.5, '1.5'],
  ['NaN', Number.NaN, 'NaN'],
  ['infinity, which 1e999 means', JSON.parse('1e999'), 'Infinity'],
  ['a big integer', 2n ** 63n, '9223372036854775808'],
  ['a boolean', true, 'true'],
  ['a text', 'a', '"a"'],
  ['a text with quotes and lines, on one line', 'a "b"\nc', String.raw`"a \"b\"\nc"`],
  ['a list', [1, 'a', null], '[1,"a",null]'],
  ['a list of big integers', [2n ** 63n], '[9223372036854775808]'],
  ['an object', { a: 1, 'b c': [] }, '{"a":1,"b c":[]}'],
  ['empty ones', [{}, [], ''], '[{},[],""]'],
  ['a text of 58 letters whole', 'x'.repeat(58), `"${'x'.repeat(58)}"`],
  ['the beginning of a longer text', 'x'.repeat(59), `"${'x'.repeat(56)}…`],
  ['the beginning of a long list', Array.from({ length: 1_000_000 }, () => 1), `[${'1,'.repeat(28)}…`],
  ['the beginning of a long text in a list', [['x'.repeat(1000)]], `[["${'x'.repeat(54)}…`],
  ['the beginning of what has no end', circular, `${'{"self":'.repeat(7)}{…`],
];

for (const [does, value, expected] of shownAs) {
  test(`shown gives ${does}`, () => assert.equal(shown(value), expected));
}

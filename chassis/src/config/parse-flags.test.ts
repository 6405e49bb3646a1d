import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemText } from '@berth/core/schema';
import fc from 'fast-check';
import { parseFlags } from './parse-flags.ts';
import { flagOf } from './settings.ts';

type Parsed = {
  positionals?: readonly string[];
  flags?: Record<string, string>;
  switches?: readonly string[];
  problems?: readonly string[];
};

const cases: ReadonlyArray<readonly [does: string, args: readonly string[], expected: Parsed]> = [
  ['takes nothing for nothing', [], {}],
  ['keeps positionals in order', ['models', '-', 'more'], { positionals: ['models', '-', 'more'] }],
  ['takes the value after a flag', ['--http-port', '80', 'a'], { flags: { httpPort: '80' }, positionals: ['a'] }],
  ['takes the value after an equals sign', ['--http-port=80', 'a'], { flags: { httpPort: '80' }, positionals: ['a'] }],
  ['keeps further equals signs in the value', ['--config=a=b=c'], { flags: { config: 'a=b=c' } }],
  ['keeps line breaks in the value', ['--name=a\nb'], { flags: { name: 'a\nb' } }],
  ['takes an empty value for a value', ['--config=', '--name', ''], { flags: { config: '', name: '' } }],
  ['takes a negative number for a value', ['--port', '-1'], { flags: { port: '-1' } }],
  ['takes one dash for a value', ['--config', '-'], { flags: { config: '-' } }],
  ['takes a value that looks like a flag after an equals sign', ['--config=--a'], { flags: { config: '--a' } }],
  ['takes the names of the file, too', ['--httpPort', '80'], { flags: { httpPort: '80' } }],
  ['takes digits in a name', ['--v2-port', '80'], { flags: { v2Port: '80' } }],
  ['misses a value at the end', ['--config'], { problems: ['--config: expected a value after it, found nothing'] }],
  [
    'does not take the next flag for a value',
    ['--config', '--port', '1'],
    { flags: { port: '1' }, problems: ['--config: expected a value after it, found nothing'] },
  ],
  [
    'wants every flag once',
    ['--port', '1', '--port=2'],
    { flags: { port: '2' }, problems: ['--port: expected it once, found it twice'] },
  ],
  ['knows the switches', ['--help', 'a'], { switches: ['help'], positionals: ['a'] }],
  ['lets a switch be there twice', ['--help', '-h'], { switches: ['help'] }],
  [
    'gives a switch no value',
    ['--help=yes'],
    { switches: ['help'], problems: ['--help: expected no value, found "yes"'] },
  ],
  ['reads -h as --help', ['-h'], { switches: ['help'] }],
  [
    'reads -o as --output',
    ['-o', 'json', '-o=text'],
    { flags: { output: 'text' }, problems: ['--output: expected it once, found it twice'] },
  ],
  ['stops at --', ['--', '--port', '-h', '--'], { positionals: ['--port', '-h', '--'] }],
  [
    'knows no other short options',
    ['-p', '80'],
    { positionals: ['80'], problems: ['-p: expected one of the options that --help lists, found an unknown option'] },
  ],
  [
    'knows no options without a name',
    ['--=x', '---port', '--__proto__'],
    {
      problems: ['--=x', '---port', '--__proto__'].map(
        (arg) => `${arg}: expected one of the options that --help lists, found an unknown option`,
      ),
    },
  ],
];

for (const [does, args, { positionals = [], flags = {}, switches = [], problems = [] }] of cases) {
  test(`parseFlags ${does}`, () => {
    const parsed = parseFlags(args, ['help']);
    assert.deepEqual(parsed.positionals, positionals);
    assert.deepEqual(parsed.flags, flags);
    assert.deepEqual([...parsed.switches], switches);
    assert.deepEqual(parsed.problems.map(problemText), problems);
  });
}

test('parseFlags gives back what a setting’s flag was given, whatever it is', () => {
  const key = fc.stringMatching(/^[a-z]{1,5}([A-Z][a-z0-9]{1,4}){0,3}$/).filter((name) => name !== 'help');
  fc.assert(
    fc.property(fc.dictionary(key, fc.string(), { noNullPrototype: true }), (flags) => {
      const args = Object.entries(flags).map(([name, value]) => `${flagOf(name)}=${value}`);
      assert.deepEqual(parseFlags(args, ['help']).flags, flags);
    }),
  );
});

test('parseFlags never throws and loses no word', () => {
  const word = fc.oneof(fc.string(), fc.constantFrom('--', '-', '--a', '--a=b', '-h', '-o', '--help'));
  fc.assert(
    fc.property(fc.array(word), (args) => {
      const { positionals, flags, switches, problems } = parseFlags(args, ['help']);
      const heard = positionals.length + Object.keys(flags).length + switches.size + problems.length;
      assert.ok(args.every((arg) => arg === '--') || heard > 0);
    }),
  );
});

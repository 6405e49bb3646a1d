import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '@berth/chassis/keys';
import { parseKeyFiles } from '@berth/core/keys';
import { aTerminal } from '../testing/a-terminal.ts';
import { keys } from './keys.ts';

function run(args: readonly string[], terminal: Parameters<typeof aTerminal>[0] = {}) {
  const fake = aTerminal(terminal);
  const code = keys(fake, args);
  return { code, ...fake.written() };
}

test('keys new shows a key, the line for it, and what to do with each', () => {
  const { code, out, err } = run(['new', 'shop', '--models', 'iris,digits']);
  const key = /^ {2}(berth_[\w-]{43})$/m.exec(out)?.[1] ?? '';
  assert.deepEqual([code, err], [0, '']);
  assert.equal(
    out,
    `A key "shop" for iris, digits. This is the only time that it is shown:

  ${key}

Whoever has it sends it with each request:

  KEY=${key}
  curl -H "Authorization: Bearer $KEY" http://localhost:8000/models/iris/predict

The server needs this line, in a file of its folder of keys (--keys or BERTH_KEYS; in the image /etc/berth/keys):

  shop sha256:${digestOf(key)} iris,digits

On Kubernetes the folder is a Secret; make it from the FILE with your lines:

  kubectl create secret generic model-serving-keys --from-file=keys=FILE
`,
  );
});

test('keys new writes the key and the line in bold on a screen', () => {
  const { out } = run(['new', 'shop'], { isTTY: true });
  const inBold = out.split('\x1b[1m').slice(1);
  assert.match(inBold[0] ?? '', /^berth_[\w-]{43}/);
  assert.match(inBold[1] ?? '', /^shop sha256:\w{64} \*/);
});

const made: ReadonlyArray<readonly [does: string, args: readonly string[], models: string | readonly string[]]> = [
  ['makes a key for every model', [], '*'],
  ['makes one when it is told so', ['--models', '*'], '*'],
  ['makes a key for a model', ['--models=iris'], ['iris']],
  ['takes blanks after commas', ['--models', 'iris, digits'], ['iris', 'digits']],
];

for (const [does, args, models] of made) {
  test(`keys new ${does}, and the server reads its line`, () => {
    const { code, out } = run(['new', 'shop', '-o', 'json', ...args]);
    const { key, line, ...rest } = JSON.parse(out);
    assert.deepEqual([code, rest], [0, { name: 'shop', models }]);
    assert.match(key, /^berth_[\w-]{43}$/);
    const value = [{ name: 'shop', sha256: digestOf(key), models }];
    assert.deepEqual(parseKeyFiles([{ path: 'keys', text: line }]), { ok: true, value });
  });
}

test('keys new makes another key every time', () => {
  assert.notEqual(run(['new', 'shop']).out, run(['new', 'shop']).out);
});

const NAME = 'a name of at most 40 letters, digits, dots, dashes and underscores';
const misused: ReadonlyArray<readonly [what: string, args: readonly string[], problems: readonly string[]]> = [
  ['nothing', [], ['expected "new" and one name']],
  ['no name', ['new'], ['expected "new" and one name']],
  ['two names', ['new', 'shop', 'web'], ['expected "new" and one name']],
  ['another verb', ['delete', 'shop'], ['expected "new" and one name']],
  ['a name with a blank', ['new', 'the shop'], [`the name: expected ${NAME}, found "the shop"`]],
  [
    'a comma too many',
    ['new', 'shop', '--models', 'iris,'],
    ['--models: expected names with commas between them, found "iris,"'],
  ],
  [
    'a path for a model',
    ['new', 'shop', '--models', 'models/iris'],
    ['--models: expected names with commas between them, found "models/iris"'],
  ],
  ['an unknown option', ['new', 'shop', '--model', 'iris'], ['--model is not an option']],
  ['another output', ['new', 'shop', '-o', 'yaml'], ['--output: expected json or text, found "yaml"']],
];

for (const [what, args, problems] of misused) {
  test(`keys exits 2 when it is given ${what}, and says so`, () => {
    const err = `${problems.map((problem) => `berth: ${problem}\n`).join('')}See: berth keys --help\n`;
    assert.deepEqual(run(args), { code: 2, out: '', err });
  });
}

for (const args of [['--help'], ['new', '-h']]) {
  test(`keys ${args.join(' ')} tells how it is used`, () => {
    const { code, out } = run(args);
    assert.equal(code, 0);
    assert.match(out, /^Make an API key.*\n\nUsage: berth keys new <name> /);
  });
}

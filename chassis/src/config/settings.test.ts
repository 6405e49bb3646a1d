import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environmentOf, flagOf, helpText, referenceTable, type Settings } from './settings.ts';

const names: ReadonlyArray<readonly [key: string, flag: string, variable: string]> = [
  ['host', '--host', 'BERTH_HOST'],
  ['httpPort', '--http-port', 'BERTH_HTTP_PORT'],
  ['connectionMaxAgeMs', '--connection-max-age-ms', 'BERTH_CONNECTION_MAX_AGE_MS'],
];

for (const [key, flag, variable] of names) {
  test(`${key} is ${flag} and ${variable}`, () =>
    assert.deepEqual([flagOf(key), environmentOf(key)], [flag, variable]));
}

const settings: Settings = {
  models: { kind: 'text', about: 'Where the models are.', default: 'models' },
  defaultModel: { kind: 'text', about: 'The model that answers `/predict`.' },
  httpPort: { kind: 'integer', about: 'Port of the REST API. 0 takes a free one.', min: 0, max: 65535, default: 8000 },
  logLevel: {
    kind: 'choice',
    about: 'The least important lines to write: `debug` has one for each request, and `info` only what a person wants.',
    of: ['info', 'debug'],
    default: 'info',
    reloads: true,
  },
};

test('helpText lists every option with its value, its meaning and its default', () => {
  assert.equal(
    helpText(settings),
    `  --models <text>
      Where the models are. Default: models.
  --default-model <text>
      The model that answers \`/predict\`.
  --http-port <number>
      Port of the REST API. 0 takes a free one. Default: 8000.
  --log-level <info|debug>
      The least important lines to write: \`debug\` has one for each request, and \`info\` only
      what a person wants. Default: info.`,
  );
});

test('helpText breaks no word, not even one longer than a line', () => {
  const long = 'x'.repeat(100);
  assert.deepEqual(
    helpText({ a: { kind: 'text', about: `before ${long} after` } })
      .split('\n')
      .slice(1),
    ['      before', `      ${long}`, '      after'],
  );
});

test('referenceTable has a row for every setting and escapes what would end a cell', () => {
  const piped: Settings = { ...settings, either: { kind: 'text', about: 'One | the other.' } };
  const [head = '', line = '', ...rows] = referenceTable(piped).split('\n');
  assert.deepEqual(rows, [
    '| `models` | `--models` | `BERTH_MODELS` | Where the models are. | a text | `models` | at restart |',
    '| `defaultModel` | `--default-model` | `BERTH_DEFAULT_MODEL` | The model that answers `/predict`. | a text |  | at restart |',
    '| `httpPort` | `--http-port` | `BERTH_HTTP_PORT` | Port of the REST API. 0 takes a free one. | a whole number from 0 to 65535 | `8000` | at restart |',
    '| `logLevel` | `--log-level` | `BERTH_LOG_LEVEL` | The least important lines to write: `debug` has one for each request, and `info` only what a person wants. | one of "info", "debug" | `info` | at once |',
    '| `either` | `--either` | `BERTH_EITHER` | One \\| the other. | a text |  | at restart |',
  ]);
  assert.equal(head.split('|').length, line.split('|').length);
});

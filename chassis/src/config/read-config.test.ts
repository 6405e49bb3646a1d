import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemText } from '@berth/core/schema';
import { type ConfigSources, mistypedVariables, readConfig } from './read-config.ts';
import type { Settings } from './settings.ts';

const settings = {
  models: { kind: 'text', about: 'Where the models are.', default: 'models' },
  defaultModel: { kind: 'text', about: 'The model for everyone.' },
  httpPort: { kind: 'integer', about: 'A port.', min: 0, max: 65535, default: 8000 },
  metricsPort: { kind: 'integer', about: 'Another port.', min: 0, max: 65535, default: 8002 },
  offset: { kind: 'integer', about: 'May be negative.', min: -10, max: 10, default: 0 },
  logLevel: { kind: 'choice', about: 'How much to say.', of: ['info', 'debug'], default: 'info' },
} as const satisfies Settings;

const DEFAULTS = {
  models: 'models',
  defaultModel: undefined,
  httpPort: 8000,
  metricsPort: 8002,
  offset: 0,
  logLevel: 'info',
};

const from = (sources: Partial<ConfigSources>) =>
  readConfig(settings, { flags: {}, environment: {}, file: undefined, ...sources });

const everywhere = { flags: { httpPort: '1' }, environment: { BERTH_HTTP_PORT: '2' }, file: { httpPort: 3 } };

const values: ReadonlyArray<
  readonly [does: string, sources: Partial<ConfigSources>, expected: Partial<Record<keyof typeof DEFAULTS, unknown>>]
> = [
  ['takes the default when nobody says anything', {}, {}],
  ['takes the file before the default', { file: everywhere.file }, { httpPort: 3 }],
  ['takes the environment before the file', { ...everywhere, flags: {} }, { httpPort: 2 }],
  ['takes the flag before all', everywhere, { httpPort: 1 }],
  [
    'takes each setting from where it is',
    { flags: { models: 'a' }, environment: { BERTH_LOG_LEVEL: 'debug' }, file: { defaultModel: 'iris' } },
    { models: 'a', logLevel: 'debug', defaultModel: 'iris' },
  ],
  ['takes an empty file for an empty configuration', { file: null }, {}],
  ['takes an empty object for an empty configuration', { file: {} }, {}],
  [
    'reads numbers from texts',
    { environment: { BERTH_HTTP_PORT: '0', BERTH_OFFSET: '-10' } },
    { httpPort: 0, offset: -10 },
  ],
  ['takes an empty text where a text is asked for', { flags: { models: '' } }, { models: '' }],
  ['takes an empty variable for one that is not set', { environment: { BERTH_MODELS: '', BERTH_HTTP_PORT: '' } }, {}],
  ['takes digits for a text where a text is asked for', { flags: { models: '7' } }, { models: '7' }],
  ['leaves variables of others alone', { environment: { HTTP_PORT: '1', BERTH_OTHER: 'x' } }, {}],
  [
    'takes a Kubernetes Service of nearly the same name for none of its own',
    { environment: { BERTH_HTTP_PORT: 'tcp://10.0.0.1:80', BERTH_METRICS_PORT: 'tcp://10.0.0.2:8002' } },
    {},
  ],
];

for (const [does, sources, expected] of values) {
  test(`readConfig ${does}`, () => assert.deepEqual(from(sources), { ok: true, value: { ...DEFAULTS, ...expected } }));
}

const PORT = 'expected a whole number from 0 to 65535';
const FIELDS = Object.keys(settings).join(', ');

const problems: ReadonlyArray<readonly [of: string, sources: Partial<ConfigSources>, expected: readonly string[]]> = [
  [
    'an unknown flag near a known one',
    { flags: { httpProt: '1' } },
    ['--http-prot: expected "--http-port" perhaps, found an unknown option'],
  ],
  [
    'an unknown flag',
    { flags: { colour: 'red' } },
    ['--colour: expected one of the options that --help lists, found an unknown option'],
  ],
  [
    'a flag named like a property of every object',
    { flags: { constructor: 'x' } },
    ['--constructor: expected one of the options that --help lists, found an unknown option'],
  ],
  [
    'a field near a known one',
    { file: { httpprot: 1 } },
    ['httpprot: expected "httpPort" perhaps, found the unknown field "httpprot"'],
  ],
  [
    'an unknown field',
    { file: { colour: 1 } },
    [`colour: expected one of the fields ${FIELDS}, found the unknown field "colour"`],
  ],
  [
    'a file that is a list',
    { file: [1, 2] },
    [`the document: expected an object with the fields ${FIELDS}, found [1,2]`],
  ],
  [
    'a file that is a text',
    { file: 'httpPort' },
    [`the document: expected an object with the fields ${FIELDS}, found "httpPort"`],
  ],
  ['a field without a value', { file: { httpPort: null } }, [`httpPort: ${PORT}, found null`]],
  ['a number as a text in the file', { file: { httpPort: '80' } }, [`httpPort: ${PORT}, found "80"`]],
  ['a number too large', { environment: { BERTH_HTTP_PORT: '65536' } }, [`BERTH_HTTP_PORT: ${PORT}, found "65536"`]],
  ['a number that is not whole', { flags: { httpPort: '1.5' } }, [`--http-port: ${PORT}, found "1.5"`]],
  ['a number in another notation', { flags: { httpPort: '1e3' } }, [`--http-port: ${PORT}, found "1e3"`]],
  [
    'a number beyond what is exact',
    { flags: { httpPort: '9'.repeat(20) } },
    [`--http-port: ${PORT}, found "99999999999999999999"`],
  ],
  ['an empty number', { flags: { httpPort: '' } }, [`--http-port: ${PORT}, found ""`]],
  [
    'another choice',
    { environment: { BERTH_LOG_LEVEL: 'INFO' } },
    ['BERTH_LOG_LEVEL: expected one of "info", "debug", found "INFO"'],
  ],
  [
    'an address where a text is not a port',
    { environment: { BERTH_LOG_LEVEL: 'tcp://a:1' } },
    ['BERTH_LOG_LEVEL: expected one of "info", "debug", found "tcp://a:1"'],
  ],
  [
    'every source at once',
    {
      flags: { httpPort: 'x', colour: 'red' },
      environment: { BERTH_METRICS_PORT: 'y' },
      file: { offset: 11, logLevel: 1 },
    },
    [
      'offset: expected a whole number from -10 to 10, found 11',
      'logLevel: expected one of "info", "debug", found 1',
      '--colour: expected one of the options that --help lists, found an unknown option',
      `--http-port: ${PORT}, found "x"`,
      `BERTH_METRICS_PORT: ${PORT}, found "y"`,
    ],
  ],
  [
    'what a stronger source covers in the file',
    { flags: { httpPort: '1' }, file: { httpPort: 'x' } },
    [`httpPort: ${PORT}, found "x"`],
  ],
];

for (const [of, sources, expected] of problems) {
  test(`readConfig tells of ${of}`, () => {
    const checked = from(sources);
    assert.deepEqual(checked.ok ? [] : checked.problems.map(problemText), expected);
  });
}

const variables: ReadonlyArray<
  readonly [does: string, environment: Record<string, string>, expected: readonly (readonly [string, string])[]]
> = [
  ['knows its own', { BERTH_HTTP_PORT: '1', BERTH_MODELS: 'a' }, []],
  [
    'sees a slip of the pen',
    { BERTH_HTP_PORT: '1', BERTH_LOGLEVEL: 'a' },
    [
      ['BERTH_HTP_PORT', 'BERTH_HTTP_PORT'],
      ['BERTH_LOGLEVEL', 'BERTH_LOG_LEVEL'],
    ],
  ],
  [
    'does not guess from the beginning that all share',
    { BERTH_FOO: '1', BERTH_CONFIG: 'a', BERTH_: '', BERTH_PORT: '1' },
    [],
  ],
  ['leaves others alone', { HTTP_PORT: '1', MODELS: 'x', berth_model: '1' }, []],
  [
    'leaves the variables of a Kubernetes Service alone',
    {
      BERTH_SERVICE_HOST: '10.0.0.1',
      BERTH_SERVICE_PORT: '8000',
      BERTH_SERVICE_PORT_HTTP: '8000',
      BERTH_SERVICE_PORT_METRICS: '8002',
      BERTH_PORT: 'tcp://10.0.0.1:8000',
      BERTH_PORT_8000_TCP: 'tcp://10.0.0.1:8000',
      BERTH_PORT_8000_TCP_PROTO: 'tcp',
      BERTH_PORT_8000_TCP_PORT: '8000',
      BERTH_PORT_8000_TCP_ADDR: '10.0.0.1',
      BERTH_HTTPS_PORT: 'tcp://10.0.0.1:443',
      BERTH_METRIC_SERVICE_PORT: '8002',
    },
    [],
  ],
];

for (const [does, environment, expected] of variables) {
  test(`mistypedVariables ${does}`, () => assert.deepEqual(mistypedVariables(settings, environment), expected));
}

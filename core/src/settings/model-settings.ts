import type { Schema, ValueOf } from '../schema/index.ts';

/** The schema of `serving.yaml`, the optional file beside a model's versions. */
export const MODEL_SETTINGS = {
  kind: 'object',
  about: 'How a model is served. Every field may be left out.',
  fields: {
    features: {
      kind: 'list',
      about: 'Names of the columns of a row, in order, for models with one input of shape [N, columns].',
      of: { kind: 'text', about: 'A column.' },
      unique: true,
      min: 1,
    },
    labels: {
      kind: 'list',
      about:
        'Names of the classes, in the order of the model’s probabilities. Answers of `/predict` then carry a label and its probabilities.',
      of: { kind: 'text', about: 'A class.', pattern: /./u, patternMeans: 'a text (quote numbers: "0")' },
      unique: true,
      min: 1,
    },
    example: {
      kind: 'anything',
      about: 'One body of `POST /predict`. `GET /predict` runs it, and loading tries the model with it.',
    },
    default: {
      kind: 'boolean',
      about:
        'Whether this model answers `/predict` when the server’s configuration names no default. One model of a repository at the most.',
    },
    warmUp: {
      kind: 'object',
      about: 'What runs before the model is ready.',
      fields: {
        runs: { kind: 'integer', about: 'How many times the example runs. Default 3.', min: 1, max: 1000 },
      },
    },
    batching: {
      kind: 'object',
      about: 'How requests that wait together are put together.',
      fields: {
        maxRows: {
          kind: 'integer',
          about: 'Rows in one run at the most; 1 turns batching off. Default 64.',
          min: 1,
          max: 4096,
        },
      },
    },
    versions: {
      kind: 'either',
      about: 'Which versions are loaded. Default `latest`.',
      of: [
        { kind: 'choice', about: 'The highest number, or every one.', of: ['latest', 'all'] },
        {
          kind: 'list',
          about: 'Just these.',
          of: { kind: 'integer', about: 'A version.', min: 1, max: Number.MAX_SAFE_INTEGER },
          unique: true,
          min: 1,
        },
      ],
    },
    sha256: {
      kind: 'map',
      about: 'SHA-256 digests that files must have, by path relative to the model’s folder; checked before loading.',
      keys: 'file',
      of: {
        kind: 'text',
        about: 'The digest.',
        pattern: /^[0-9a-f]{64}$/,
        patternMeans: '64 lower-case hexadecimal digits',
      },
    },
  },
} as const satisfies Schema;

export type ModelSettings = ValueOf<typeof MODEL_SETTINGS>;

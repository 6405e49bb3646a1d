import type { ConfigOf, Settings } from '@berth/chassis/config';
import type { Problem } from '@berth/core/schema';

const PORT = { kind: 'integer', min: 0, max: 65535 } as const;
const MIB = 1024 * 1024;

/**
 * Everything about the server that can be configured: by flag, environment and file. The help text and
 * `docs/reference/configuration.md` are made from it.
 */
export const SERVER_SETTINGS = {
  models: {
    kind: 'text',
    about: 'The model repository: a folder with one folder per model.',
    default: 'models',
  },
  defaultModel: {
    kind: 'text',
    about:
      'The model that answers `/predict`. Without it, the one whose `serving.yaml` says so, or the only one there is.',
  },
  keys: {
    kind: 'text',
    about:
      'A folder of key files. When there is a file in it, only the keys that it lists enter; what changes in the files is taken over while running.',
  },
  serverName: { kind: 'text', about: 'The server’s name in its metadata.', default: 'berth' },
  host: {
    kind: 'text',
    about: 'The address to listen on; `0.0.0.0` is every one of the machine (the image sets it).',
    default: '127.0.0.1',
  },
  httpPort: { ...PORT, about: 'Port of the REST API. 0 takes a free one.', default: 8000 },
  metricsPort: {
    ...PORT,
    about: 'Port of `/metrics`, `/startupz`, `/livez` and `/readyz`: plain HTTP without keys. 0 takes a free one.',
    default: 8002,
  },
  logLevel: {
    kind: 'choice',
    about: 'The least important log lines to write. `debug` has one for each request.',
    of: ['debug', 'info', 'warn', 'error'],
    default: 'info',
    reloads: true,
  },
  logFormat: {
    kind: 'choice',
    about: '`auto` writes text on a terminal and JSON elsewhere.',
    of: ['auto', 'json', 'text'],
    default: 'auto',
  },
  maxRequestBytes: {
    kind: 'integer',
    about:
      'Bytes of a request body at the most; a larger one is refused unread with 413. Many small rows take up to 60 times their size in memory while they are read and answered.',
    min: 1024,
    max: 2048 * MIB,
    default: 4 * MIB,
    reloads: true,
  },
  maxBodiesBytes: {
    kind: 'integer',
    about:
      'Bytes of all request bodies, and of answers that clients have not read yet, held at one time; what would be more is refused unread with 503.',
    min: 1024,
    max: 65536 * MIB,
    default: 32 * MIB,
    reloads: true,
  },
  maxQueueRequests: {
    kind: 'integer',
    about: 'Requests that wait for one model at the most; one more is refused at once with 503.',
    min: 1,
    max: 100_000,
    default: 512,
    reloads: true,
  },
  maxQueueBytes: {
    kind: 'integer',
    about: 'Bytes of tensors that wait for one model at the most.',
    min: 1024,
    max: 65536 * MIB,
    default: 64 * MIB,
    reloads: true,
  },
  maxAnswerElements: {
    kind: 'integer',
    about: 'Elements of an answer’s tensors at the most; a larger answer is refused with 400.',
    min: 1,
    max: 1_000_000_000,
    default: 1_000_000,
    reloads: true,
  },
  requestTimeoutMs: {
    kind: 'integer',
    about:
      'How long a request may take before it is answered with 504. Requests can ask for less with the parameter `timeout` (microseconds).',
    min: 1,
    max: 3_600_000,
    default: 30_000,
    reloads: true,
  },
  drainDelayMs: {
    kind: 'integer',
    about:
      'How long new requests are still taken after SIGTERM, while the cluster moves its traffic elsewhere. Less than 2000 loses requests on a real cluster.',
    min: 2000,
    max: 600_000,
    default: 5000,
  },
  gracePeriodMs: {
    kind: 'integer',
    about:
      'How long the server takes after SIGTERM at the most; keep it below the pod’s `terminationGracePeriodSeconds`.',
    min: 2000,
    max: 3_600_000,
    default: 25_000,
  },
  connectionMaxAgeMs: {
    kind: 'integer',
    about: 'A connection older than this is closed after its next answer, so that clients find pods added later.',
    min: 1000,
    max: 86_400_000,
    default: 300_000,
  },
  livenessStallMs: {
    kind: 'integer',
    about: 'A run without progress for this long fails liveness.',
    min: 1000,
    max: 3_600_000,
    default: 30_000,
  },
} as const satisfies Settings;

export type ServerConfig = ConfigOf<typeof SERVER_SETTINGS>;

/** What is wrong with settings that are each right by themselves. */
export function configProblems(config: ServerConfig): readonly Problem[] {
  const { drainDelayMs, gracePeriodMs, maxRequestBytes, maxBodiesBytes } = config;
  const problems: Problem[] = [];
  if (gracePeriodMs <= drainDelayMs) {
    problems.push({
      field: 'gracePeriodMs',
      expected: `more than drainDelayMs, ${drainDelayMs}`,
      found: `${gracePeriodMs}`,
    });
  }
  if (maxBodiesBytes < maxRequestBytes) {
    const expected = `at least maxRequestBytes, ${maxRequestBytes}`;
    problems.push({ field: 'maxBodiesBytes', expected, found: `${maxBodiesBytes}` });
  }
  return problems;
}

/** The settings that run, when the configuration has become `changed`: what takes effect at restart stays. */
export function reloaded(running: ServerConfig, changed: ServerConfig): ServerConfig {
  const keys = (Object.keys(SERVER_SETTINGS) as (keyof ServerConfig)[]).filter(
    (key) => 'reloads' in SERVER_SETTINGS[key],
  );
  return { ...running, ...Object.fromEntries(keys.map((key) => [key, changed[key]])) };
}

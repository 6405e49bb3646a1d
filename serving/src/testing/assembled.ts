import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type HttpAnswer, NO_BODY } from '@berth/chassis/http';
import { createLogger, type LogLevel } from '@berth/chassis/log';
import { type Assembly, assemble } from '../assemble.ts';
import { SERVER_SETTINGS, type ServerConfig } from '../config.ts';
import { EXAMPLE_MODELS, TEST_MODELS } from './models.ts';

const DEFAULTS = Object.fromEntries(
  Object.entries(SERVER_SETTINGS).map(([key, setting]) => [key, 'default' in setting ? setting.default : undefined]),
) as unknown as ServerConfig;

/** What a repository for a test holds: a file of `test/models`, an example model, or text to write. */
export type RepositoryFiles = Readonly<
  Record<string, { readonly model: string } | { readonly example: string } | string>
>;

/** Makes a repository in a folder of its own; the paths are those in the repository. */
export function makeRepository(files: RepositoryFiles): string {
  const top = mkdtempSync(join(tmpdir(), 'berth-models-'));
  for (const [path, content] of Object.entries(files)) {
    const target = join(top, path);
    mkdirSync(dirname(target), { recursive: true });
    if (typeof content === 'string') writeFileSync(target, content);
    else if ('model' in content) cpSync(join(TEST_MODELS, content.model), target);
    else cpSync(join(EXAMPLE_MODELS, content.example), target, { recursive: true });
  }
  return top;
}

export type Request = {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly hasLeft?: () => boolean;
};

/** An answer with its JSON parsed: `error` is the sentence of a refusal. */
export type TestAnswer = HttpAnswer & { readonly json: unknown; readonly error: string | undefined };

export type TestServer = Assembly & {
  /** Calls the REST door without a socket. Text and buffers are sent as they are, everything else as JSON. */
  readonly request: (method: string, url: string, request?: Request) => Promise<TestAnswer>;
  readonly logged: Record<string, unknown>[];
  readonly stop: () => Promise<void>;
};

/** A whole server without sockets over a repository made for the test, with its models loaded. */
export async function startAssembled(files: RepositoryFiles, over: Partial<ServerConfig> = {}): Promise<TestServer> {
  const models = makeRepository(files);
  const logged: Record<string, unknown>[] = [];
  const log = createLogger({
    level: (over.logLevel as LogLevel | undefined) ?? 'info',
    format: 'json',
    write: (line) => logged.push(JSON.parse(line)),
    now: () => new Date(0),
  });
  const assembly = assemble({
    config: { ...DEFAULTS, ...over, models },
    log,
    versions: { server: '0.0.0', onnxruntime: '0.0.0' },
  });
  assembly.observe(() => 0);
  await assembly.load();
  return {
    ...assembly,
    logged,
    request: async (method, url, { body, headers = {}, hasLeft = () => false } = {}) => {
      const [path = '', query = ''] = url.split('?');
      const sent =
        body === undefined
          ? NO_BODY
          : Buffer.isBuffer(body)
            ? body
            : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
      const admit = path === '/metrics' || /^\/\w+z$/.test(path) ? assembly.admitOperations : assembly.admit;
      const head = { method, path, query, headers: { host: 'localhost:8000', ...headers }, hasLeft };
      const admitted = admit(head);
      const answer = await (typeof admitted === 'function' ? admitted({ ...head, body: sent }) : admitted);
      const json =
        answer.headers?.['content-type'] === 'application/json' ? JSON.parse(String(answer.body)) : undefined;
      return { ...answer, json, error: json?.error };
    },
    stop: async () => {
      await assembly.close();
      rmSync(models, { recursive: true });
    },
  };
}

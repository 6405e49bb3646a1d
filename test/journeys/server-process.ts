import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const top = join(import.meta.dirname, '../..');

export const EXAMPLES = join(top, 'examples/models');
export const TEST_MODELS = join(top, 'test/models');

type LogLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly message: string };

/** A `berth serve` process on free ports, as a person or a pod starts it. */
export type ServerProcess = {
  readonly child: ChildProcess;
  readonly url: string;
  readonly operationsUrl: string;
  readonly log: LogLine[];
  /** Resolves with the first log line of this message, past or to come. */
  readonly logged: (message: string) => Promise<LogLine>;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
};

export type ServerProcessOptions = {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
};

/** Starts the sources and waits until it listens. */
export async function startServerProcess({
  args = [EXAMPLES],
  environment = {},
}: ServerProcessOptions = {}): Promise<ServerProcess> {
  const child = spawn(
    process.execPath,
    [join(top, 'cli/src/main.ts'), 'serve', ...args, '--http-port', '0', '--metrics-port', '0', '--log-format', 'json'],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...environment } },
  );
  const log: LogLine[] = [];
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    log.push(...lines.map((line) => JSON.parse(line)));
  });
  const ended = once(child, 'exit').then(([code, signal]) => code ?? signal);
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  const logged = async (message: string): Promise<LogLine> => {
    for (;;) {
      const line = log.find((one) => one.message === message);
      if (line !== undefined) return line;
      if (hasEnded) throw new Error(`the server ended without "${message}": ${JSON.stringify(log)}`);
      await sleep(5);
    }
  };
  const listening = await logged('listening');
  return {
    child,
    url: `http://127.0.0.1:${listening.http_port}`,
    operationsUrl: `http://127.0.0.1:${listening.metrics_port}`,
    log,
    logged,
    ended,
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ConfigSources,
  helpText,
  mistypedVariables,
  type ParsedArguments,
  parseFlags,
  readConfig,
  readYaml,
  watchFile,
} from '@berth/chassis/config';
import { shutdownOnSignals } from '@berth/chassis/drain';
import { KeysError } from '@berth/chassis/keys';
import { createLogger, type Logger } from '@berth/chassis/log';
import { curlLine } from '@berth/core/rows';
import { type Checked, problemText } from '@berth/core/schema';
import {
  configProblems,
  type ModelServer,
  onnxRuntimeVersion,
  RepositoryError,
  SERVER_SETTINGS,
  type ServerConfig,
  startServer,
} from '@berth/serving';
import { exitNow } from '../exit-now.ts';
import { EXIT, fail, failUsage, type Terminal } from '../terminal.ts';

const HELP = `Serve the models in a folder.

Usage: berth serve [folder] [options]

  The folder holds one folder per model: <model>/model.onnx, or <model>/<version>/model.onnx, and beside them an
  optional serving.yaml (feature names, labels, an example, digests).

  berth serve examples/models
  curl http://localhost:8000/predict

Every option can also be set in the environment (--http-port is BERTH_HTTP_PORT) and in a YAML file (httpPort: 8000);
options win over the environment, and the environment over the file.

Options:
  --config <file>
      The YAML file; also BERTH_CONFIG. Its log level and limits take effect when it changes.
${helpText(SERVER_SETTINGS)}

Exit codes: 0 ended as asked, 1 failed, 2 wrong options or configuration.
`;

const CONFIG_LOOK_MS = 1000;

/** `berth serve`: runs until it is told to end. */
export async function serve(terminal: Terminal, args: readonly string[], version: string): Promise<number> {
  const parsed = parseFlags(args, ['help']);
  if (parsed.switches.has('help')) {
    terminal.out.write(HELP);
    return EXIT.done;
  }
  const { config: configFlag, ...flags } = parsed.flags;
  const configFile = configFlag ?? (terminal.environment.BERTH_CONFIG || undefined);
  const read = (): Promise<Checked<ServerConfig>> => readSources(parsed, flags, terminal.environment, configFile);

  const checked = await read();
  if (!checked.ok) return failUsage(terminal, checked.problems.map(problemText), 'berth serve --help');
  const config = checked.value;
  const log = openLog(terminal, config);
  for (const [name, meant] of mistypedVariables(SERVER_SETTINGS, terminal.environment)) {
    log.warn('environment variable is not known', { name, meant });
  }

  let server: ModelServer;
  try {
    server = await startServer({ config, log, versions: { server: version, onnxruntime: onnxRuntimeVersion() } });
  } catch (error) {
    return failStart(terminal, config, error as NodeJS.ErrnoException);
  }
  if (configFile !== undefined) {
    let current = config;
    watchFile(configFile, CONFIG_LOOK_MS, async () => {
      current = takeOver(await read(), current, server, log);
    });
  }
  shutdownOnSignals(
    {
      delayMs: config.drainDelayMs,
      graceMs: config.gracePeriodMs,
      signals: process,
      sleep: (ms) => sleep(ms),
    },
    {
      announce: (signal) => {
        server.startDraining();
        log.info('draining', { signal });
      },
      finish: () => server.close(),
      exit: (code, error) => {
        log.info('ended', { code, unanswered: server.unanswered(), error });
        if (code === 0) process.exit(code);
        exitNow(code);
      },
    },
  );
  await server.loaded;
  const { ok, reasons } = server.health.ready();
  const address = `http://localhost:${server.httpPort}${server.tryPath()}`;
  if (ok) log.info('ready', { try: curlLine(address, undefined, server.asksForKeys()) });
  else log.warn('not ready', { reasons });
  return untilSignalled();
}

/** The process ends by a signal, which is handled above. */
function untilSignalled(): Promise<never> {
  return new Promise(() => {});
}

async function readSources(
  { positionals, problems }: ParsedArguments,
  flags: Readonly<Record<string, string>>,
  environment: ConfigSources['environment'],
  configFile: string | undefined,
): Promise<Checked<ServerConfig>> {
  const [folder, ...more] = positionals;
  const file = configFile === undefined ? ({ ok: true, value: undefined } as const) : await readYaml(configFile);
  const checked = readConfig(SERVER_SETTINGS, {
    flags: folder === undefined ? flags : { ...flags, models: folder },
    environment,
    file: file.ok ? file.value : undefined,
  });
  const all = [
    ...problems,
    ...more.map((found) => ({ field: 'arguments', expected: 'one folder', found: `"${found}" as well` })),
    ...(file.ok ? [] : file.problems),
    ...(checked.ok ? configProblems(checked.value) : checked.problems),
  ];
  return all.length === 0 ? checked : { ok: false, problems: all };
}

function openLog({ out, environment }: Terminal, { logFormat, logLevel }: ServerConfig): Logger {
  const isText = logFormat === 'text' || (logFormat === 'auto' && out.isTTY === true);
  return createLogger({
    level: logLevel,
    format: isText ? 'text' : 'json',
    colours: out.isTTY === true && !environment.NO_COLOR,
    write: (line) => out.write(line),
    now: () => new Date(),
  });
}

/** Takes over what has changed and can change; says of the rest that it takes effect at restart. */
function takeOver(
  checked: Checked<ServerConfig>,
  current: ServerConfig,
  server: ModelServer,
  log: Logger,
): ServerConfig {
  if (!checked.ok) {
    log.error('configuration not taken over', { problems: checked.problems.map(problemText) });
    return current;
  }
  const changed = (Object.keys(SERVER_SETTINGS) as (keyof ServerConfig)[]).filter(
    (key) => checked.value[key] !== current[key],
  );
  for (const key of changed) {
    const takesEffect = 'reloads' in SERVER_SETTINGS[key] ? 'now' : 'at restart';
    log.info('setting changed', {
      setting: key,
      from: current[key],
      to: checked.value[key],
      takes_effect: takesEffect,
    });
  }
  server.reconfigure(checked.value);
  return checked.value;
}

function failStart(terminal: Terminal, config: ServerConfig, error: NodeJS.ErrnoException): number {
  if (error instanceof KeysError) return failUsage(terminal, error.problems.map(problemText), 'berth serve --help');
  if (error instanceof RepositoryError) return failUsage(terminal, [error.message], 'berth serve --help');
  if (error.code === 'EADDRINUSE') {
    const port = (error as { port?: number }).port;
    const flag = port === config.httpPort ? '--http-port' : '--metrics-port';
    return fail(terminal, `port ${port} is taken by another program: stop that, or choose another with ${flag}`);
  }
  return fail(terminal, `cannot start: ${error.message}`);
}

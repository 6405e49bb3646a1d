export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Readonly<Record<string, unknown>>;

/** Messages are constant; what varies is in the fields. */
export type Logger = {
  readonly debug: (message: string, fields?: LogFields) => void;
  readonly info: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
  readonly error: (message: string, fields?: LogFields) => void;
  readonly isEnabled: (level: LogLevel) => boolean;
  readonly setLevel: (level: LogLevel) => void;
};

export type LogFormat = 'json' | 'text';

export type LoggerOptions = {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly colours?: boolean;
  readonly write: (line: string) => void;
  readonly now: () => Date;
};

/**
 * A logger of one line per entry: JSON for machines, text for a person at a terminal. An `error` field that is an
 * Error becomes its message, and its stack only at level debug or for errors without a code.
 */
export function createLogger(options: LoggerOptions): Logger {
  let threshold = LOG_LEVELS.indexOf(options.level);
  const line = options.format === 'json' ? jsonLine : textLine;
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(level) < threshold) return;
      options.write(`${line(level, message, fields, options)}\n`);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    isEnabled: (level) => LOG_LEVELS.indexOf(level) >= threshold,
    setLevel: (level) => {
      threshold = LOG_LEVELS.indexOf(level);
    },
  };
}

function jsonLine(level: LogLevel, message: string, fields: LogFields, { now }: LoggerOptions): string {
  return JSON.stringify({ time: now().toISOString(), level, message, ...fields }, (_key, value) =>
    value instanceof Error ? errorText(value) : typeof value === 'bigint' ? String(value) : value,
  );
}

const COLOUR: Record<LogLevel, string> = { debug: '\x1b[2m', info: '\x1b[32m', warn: '\x1b[33m', error: '\x1b[31m' };

function textLine(level: LogLevel, message: string, fields: LogFields, { now, colours }: LoggerOptions): string {
  const name = level.padEnd(5);
  const parts = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${fieldText(value)}`);
  const shownLevel = colours ? `${COLOUR[level]}${name}\x1b[0m` : name;
  return [now().toISOString().slice(11, 23), shownLevel, message, ...parts].join(' ');
}

function fieldText(value: unknown): string {
  if (typeof value === 'string') return /^[\w./:@+-]+$/.test(value) ? value : JSON.stringify(value);
  return value instanceof Error ? JSON.stringify(errorText(value)) : (JSON.stringify(value) ?? String(value));
}

function errorText(error: Error): string {
  return 'code' in error ? error.message : (error.stack ?? error.message);
}

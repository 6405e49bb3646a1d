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
 * A logger of one line per entry: JSON for machines, text for a person at a terminal. An Error among the fields becomes
 * its message when it has a `code`, for then it was foreseen; any other becomes its stack.
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
  return JSON.stringify({ time: now().toISOString(), level, message, ...fields }, jsonValue);
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
  const plain = jsonValue('', value);
  if (typeof plain === 'string' && /^[\w./:@+-]+$/.test(plain)) return plain;
  const text = JSON.stringify(plain, jsonValue) ?? String(plain);
  // What JSON leaves as it is and a terminal may take for a command or a new line.
  return text.replace(/[\x7f-\x9f\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Values that JSON has no form for, as texts. */
function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (!(value instanceof Error)) return value;
  return 'code' in value ? value.message : (value.stack ?? value.message);
}

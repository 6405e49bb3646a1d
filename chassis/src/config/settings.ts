import { expectation, type Schema, type ValueOf } from '@berth/core/schema';

/**
 * One thing that can be configured. Its key gives its names: `httpPort` is `--http-port`, `BERTH_HTTP_PORT`, and
 * `httpPort` in the file.
 */
export type Setting = Extract<Schema, { kind: 'text' | 'integer' | 'choice' }> & {
  /** The value when nobody says anything; without one the setting stays unset. */
  readonly default?: string | number;
  /** Taken over while running, when the file changes. Others say that they take effect at restart. */
  readonly reloads?: true;
};

export type Settings = Readonly<Record<string, Setting>>;

export type ConfigOf<S extends Settings> = {
  readonly [Key in keyof S]: S[Key] extends { readonly default: string | number }
    ? ValueOf<S[Key]>
    : ValueOf<S[Key]> | undefined;
};

export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

export function environmentOf(key: string): string {
  return `BERTH_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** The options as `--help` lists them. */
export function helpText(settings: Settings): string {
  return Object.entries(settings)
    .map(([key, setting]) => `  ${flagOf(key)} <${placeholder(setting)}>\n${wrapped(sentence(setting))}`)
    .join('\n');
}

/** The settings as a Markdown table for the reference page. */
export function referenceTable(settings: Settings): string {
  const rows = Object.entries(settings).map(([key, setting]) => {
    const cells = [
      `\`${key}\``,
      `\`${flagOf(key)}\``,
      `\`${environmentOf(key)}\``,
      setting.about,
      expectation(setting),
      setting.default === undefined ? '' : `\`${setting.default}\``,
      setting.reloads ? 'at once' : 'at restart',
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return [
    '| in the file | flag | environment | what it does | value | default | a change in the file takes effect |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function placeholder(setting: Setting): string {
  if (setting.kind === 'choice') return setting.of.join('|');
  return setting.kind === 'integer' ? 'number' : 'text';
}

function sentence(setting: Setting): string {
  return setting.default === undefined ? setting.about : `${setting.about} Default: ${setting.default}.`;
}

function wrapped(text: string, width = 88, indent = '      '): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string;
    if (line.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => indent + line).join('\n');
}

import type { Problem } from '@berth/core/schema';

export type ParsedArguments = {
  readonly positionals: readonly string[];
  /** Flags with a value, by the key of their setting: `--http-port 1` is `httpPort: "1"`. */
  readonly flags: Readonly<Record<string, string>>;
  /** Flags without a value, such as `--help`. */
  readonly switches: ReadonlySet<string>;
  readonly problems: readonly Problem[];
};

/**
 * Splits a command line: `--name value`, `--name=value`, and the named switches, which take no value. `-h` is `help`
 * and `-o` is `output`. Which flags exist is the business of whoever reads them.
 */
export function parseFlags(args: readonly string[], switchNames: readonly string[]): ParsedArguments {
  const positionals: string[] = [];
  const flags: Record<string, string> = {};
  const switches = new Set<string>();
  const problems: Problem[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = (args[at] as string).replace(/^-h$/, '--help').replace(/^-o(?==|$)/, '--output');
    if (arg === '--') {
      positionals.push(...args.slice(at + 1));
      break;
    }
    if (!arg.startsWith('-') || arg === '-') {
      positionals.push(arg);
      continue;
    }
    const [, name, value] = /^--([a-z][\w-]*)(?:=(.*))?$/is.exec(arg) ?? [];
    if (name === undefined) {
      problems.push({ field: arg, expected: 'one of the options that --help lists', found: 'an unknown option' });
      continue;
    }
    if (switchNames.includes(name)) {
      if (value !== undefined) problems.push({ field: `--${name}`, expected: 'no value', found: `"${value}"` });
      switches.add(name);
      continue;
    }
    const key = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const next = value ?? args[at + 1];
    if (next === undefined || (value === undefined && next.startsWith('--'))) {
      problems.push({ field: `--${name}`, expected: 'a value after it', found: 'nothing' });
      continue;
    }
    if (Object.hasOwn(flags, key)) problems.push({ field: `--${name}`, expected: 'it once', found: 'it twice' });
    flags[key] = next;
    if (value === undefined) at++;
  }
  return { positionals, flags, switches, problems };
}

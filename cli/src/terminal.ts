import { styleText } from 'node:util';

/** Where a command reads its surroundings and writes: never the process's own, so that tests can look. */
export type Terminal = {
  readonly out: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/** Exit codes: 0 done, 1 failed, 2 asked wrongly. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Text in bold on a terminal, plain elsewhere and where NO_COLOR is set (https://no-color.org). */
export function bold({ out, environment }: Terminal, text: string): string {
  return out.isTTY && !environment.NO_COLOR ? styleText('bold', text, { validateStream: false }) : text;
}

/** Says every problem of a call, each on a line, and where help is. */
export function failUsage({ err }: Terminal, problems: readonly string[], help: string): number {
  err.write(`${problems.map((problem) => `berth: ${problem}\n`).join('')}See: ${help}\n`);
  return EXIT.usage;
}

export function fail({ err }: Terminal, message: string): number {
  err.write(`berth: ${message}\n`);
  return EXIT.failed;
}

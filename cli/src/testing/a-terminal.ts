import { Writable } from 'node:stream';
import type { Terminal } from '../terminal.ts';

export type FakeTerminal = Terminal & {
  /** What was written so far. */
  readonly written: () => { readonly out: string; readonly err: string };
};

/** A terminal that keeps what is written to it; a pipe, unless it is said to be a screen. */
export function aTerminal({ isTTY = false, environment = {} as Terminal['environment'] } = {}): FakeTerminal {
  const [out, err] = [aStream(isTTY), aStream(isTTY)];
  return { out, err, environment, written: () => ({ out: out.chunks.join(''), err: err.chunks.join('') }) };
}

function aStream(isTTY: boolean): Writable & { readonly isTTY: boolean; readonly chunks: readonly string[] } {
  const chunks: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  return Object.assign(stream, { isTTY, chunks });
}

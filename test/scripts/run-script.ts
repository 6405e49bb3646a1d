import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';

export const top = join(import.meta.dirname, '../..');

/**
 * What a fake command does when its call, such as `kubectl --context=kind-a get …`, matches the glob: say this and end with
 * 0 (as it does, saying nothing, when nothing matches), say it and fail, say it and stay, or run the real command of this path.
 */
export type Answers = Readonly<Record<string, Answer>>;
type Answer = string | { readonly fails: string } | { readonly stays: string } | { readonly runs: string };

export type Options = {
  /** The commands that are there; of the real ones only those that every Debian and macOS has. */
  readonly commands?: readonly string[];
  readonly answers?: Answers;
  readonly environment?: Readonly<Record<string, string>>;
};

export type Outcome = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** How the fake commands were called, in order, with the script's temporary folder as `TEMP`. */
  readonly calls: readonly string[];
  /** Fake commands that stay and have not been ended. */
  readonly leftRunning: readonly number[];
};

const TOOLS = [
  ...[
    'awk',
    'bash',
    'cat',
    'cp',
    'curl',
    'date',
    'diff',
    'dirname',
    'env',
    'grep',
    'gzip',
    'mkdir',
    'mktemp',
    'rm',
    'sed',
  ],
  ...['sh', 'sleep', 'tail', 'tar', 'tr'],
];

/** Runs a script of `scripts/` among fake commands, without any of the machine's own kubectl or docker. */
export async function runScript(
  line: string,
  { commands = ['kubectl'], answers = {}, environment = {} }: Options = {},
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-scripts-'));
  try {
    const bin = join(folder, 'bin');
    for (const name of ['bin', 'answers', 'temp']) mkdirSync(join(folder, name));
    for (const tool of TOOLS) symlinkSync(pathOf(tool), join(bin, tool));
    for (const command of commands) {
      rmSync(join(bin, command), { force: true });
      symlinkSync(join(import.meta.dirname, 'fake'), join(bin, command));
    }
    Object.entries(answers).forEach(([call, answer], at) => {
      const [action, output] = read(answer);
      writeFileSync(join(folder, 'answers', `${100 + at}`), `${call}\n${action}\n${output}`);
    });
    const [script = '', ...args] = line.split(' ');
    const child = spawn(join(top, 'scripts', script), args, {
      cwd: top,
      env: { PATH: bin, HOME: folder, TMPDIR: join(folder, 'temp'), FAKES: folder, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = await ended(child);
    const lines = (file: string) =>
      existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').split('\n').filter(Boolean) : [];
    const withoutTemp = (output: string) => output.replaceAll(/[^\s:>'=]*\/temp\/berth\.\w+/g, 'TEMP');
    return {
      code: child.exitCode,
      stdout: withoutTemp(stdout),
      stderr: withoutTemp(stderr),
      calls: lines('calls').map(withoutTemp),
      leftRunning: lines('staying').map(Number).filter(isRunning),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function ended(child: ChildProcess): Promise<readonly [string, string]> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the script has no output');
  const [out, error] = await Promise.all([text(stdout), text(stderr), once(child, 'close')]);
  return [out, error];
}

function read(answer: Answer): readonly [action: string, output: string] {
  if (typeof answer === 'string') return ['say', answer];
  if ('fails' in answer) return ['fail', answer.fails];
  return 'stays' in answer ? ['stay', answer.stays] : ['run', answer.runs];
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export function pathOf(tool: string): string {
  const folder = (process.env.PATH ?? '').split(delimiter).find((one) => existsSync(join(one, tool)));
  if (folder === undefined) throw new Error(`the scripts need ${tool}`);
  return join(folder, tool);
}

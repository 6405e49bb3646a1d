import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATHS } from './paths.ts';

const pidFolder = join(PATHS.state, 'pid');
const logFolder = join(PATHS.state, 'log');

/** Starts a program of the cluster in the background, in a session of its own; its output goes to `state/log`. */
export function start(
  name: string,
  binary: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): void {
  mkdirSync(pidFolder, { recursive: true });
  mkdirSync(logFolder, { recursive: true });
  const log = openSync(join(logFolder, `${name}.log`), 'a');
  const child = spawn(binary, args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...environment },
  });
  closeSync(log);
  child.unref();
  writeFileSync(join(pidFolder, name), String(child.pid));
}

/** The programs that were started, each with whether it still runs. */
export function started(): ReadonlyMap<string, boolean> {
  let names: string[] = [];
  try {
    names = readdirSync(pidFolder);
  } catch {
    // Nothing was ever started.
  }
  return new Map(names.map((name) => [name, isOurs(pidOf(name))]));
}

/** Ends these programs, in this order, and waits until they are gone. Others, that have a pid by chance, are left alone. */
export async function stop(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const pid = pidOf(name);
    if (isOurs(pid)) {
      process.kill(pid, 'SIGTERM');
      const deadline = performance.now() + 5000;
      while (isOurs(pid) && performance.now() < deadline) await sleep(20);
      if (isOurs(pid)) process.kill(pid, 'SIGKILL');
    }
    rmSync(join(pidFolder, name), { force: true });
  }
}

/** Kills every process whose command line says this; for shims, which no pid file knows. */
export function killByCommand(...words: readonly string[]): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const command = commandOf(Number(pid));
    if (words.every((word) => command.includes(word))) process.kill(Number(pid), 'SIGKILL');
  }
}

function pidOf(name: string): number {
  try {
    return Number(readFileSync(join(pidFolder, name), 'utf8'));
  } catch {
    return 0;
  }
}

function isOurs(pid: number): boolean {
  return pid > 0 && commandOf(pid).includes(PATHS.binaries);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

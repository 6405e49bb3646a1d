/**
 * Ends the process at once with this exit code, whatever its threads do. process.exit() first waits for worker threads,
 * and one that is inside a model's native code ends only with its run; replacing the process ends them all. (A signal
 * would not do: the first process of a container is immune to its own.)
 */
export function exitNow(code: number): void {
  process.execve?.(process.execPath, [process.execPath, '--eval', `process.exit(${code})`]);
}

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Calls back when a file's content may have changed. While the file is away nothing is told: a swap can be caught
 * halfway. Returns the function that ends it.
 */
export function watchFile(path: string, intervalMs: number, changed: () => void): () => void {
  return watch((last) => stateOf(path).catch(() => last), intervalMs, changed);
}

/**
 * Calls back when a folder may have other files, or other contents in them; that it has none, or is away, is a change
 * like any other. Names that begin with a dot are not looked at: volumes of Kubernetes keep their data in such, and have
 * links to it beside them. Returns the function that ends it.
 */
export function watchFolder(folder: string, intervalMs: number, changed: () => void): () => void {
  return watch(() => stateOfFolder(folder), intervalMs, changed);
}

/**
 * Looks once in `intervalMs`: a volume of Kubernetes swaps a symbolic link far above its files, which change
 * notifications do not follow. `look` is given what it found the last time.
 */
function watch(
  look: (last: string | undefined) => Promise<string | undefined>,
  intervalMs: number,
  changed: () => void,
): () => void {
  let last: string | undefined;
  let isFirst = true;
  let isLooking = false;
  let isOver = false;
  const lookAgain = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    const now = await look(last);
    isLooking = false;
    const isChange = now !== last && !isFirst;
    last = now;
    isFirst = false;
    if (isChange && !isOver) changed();
  };
  void lookAgain();
  const timer = setInterval(lookAgain, intervalMs);
  timer.unref();
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}

/** What another content would change. */
async function stateOf(path: string): Promise<string> {
  const { dev, ino, mtimeMs, size } = await stat(path);
  return `${dev} ${ino} ${mtimeMs} ${size}`;
}

async function stateOfFolder(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => []);
  const states = names
    .filter((name) => !name.startsWith('.'))
    .sort()
    .map(async (name) => `${name}/${await stateOf(join(folder, name)).catch(() => 'away')}`);
  return (await Promise.all(states)).join('/');
}

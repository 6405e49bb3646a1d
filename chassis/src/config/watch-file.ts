import { stat } from 'node:fs/promises';

/**
 * Calls back when a file's content may have changed, by looking at it once in `intervalMs`: a ConfigMap volume swaps a
 * symbolic link far above the file, which change notifications do not follow. Returns the function that ends it.
 */
export function watchFile(path: string, intervalMs: number, changed: () => void): () => void {
  let last: string | undefined;
  let isFirst = true;
  let isLooking = false;
  let isOver = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    // A swap can be caught halfway; what is missing now is looked at again the next time.
    const now = await stat(path).then(
      ({ dev, ino, mtimeMs, size }) => `${dev} ${ino} ${mtimeMs} ${size}`,
      () => last,
    );
    isLooking = false;
    const isChange = now !== last && !isFirst;
    last = now;
    isFirst = false;
    if (isChange && !isOver) changed();
  };
  void look();
  const timer = setInterval(look, intervalMs);
  timer.unref();
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}

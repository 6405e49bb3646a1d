import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiKey, type KeyFile, parseKeyFiles } from '@berth/core/keys';
import type { Checked, Problem } from '@berth/core/schema';

const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Reads the keys of every file in a folder; `undefined` when there is no file, or no folder. A Secret's volume has
 * links to its files, which are followed, and its data under names that begin with a dot, which are skipped.
 */
export function readKeyFolder(folder: string): Checked<readonly ApiKey[] | undefined> {
  const files: KeyFile[] = [];
  const problems: Problem[] = [];
  for (const path of pathsIn(folder, problems)) {
    try {
      const { size } = statSync(path);
      if (size > MAX_FILE_BYTES) {
        problems.push({ field: path, expected: `at most ${MAX_FILE_BYTES} bytes`, found: `${size}` });
        continue;
      }
      const content = readFileSync(path);
      if (isUtf8(content)) files.push({ path, text: content.toString('utf8') });
      else problems.push({ field: path, expected: 'UTF-8 text', found: 'other bytes' });
    } catch (error) {
      problems.push({ field: path, expected: 'a readable file', found: (error as Error).message });
    }
  }
  if (problems.length > 0) return { ok: false, problems };
  return files.length === 0 ? { ok: true, value: undefined } : parseKeyFiles(files);
}

/** The files of a folder, by name; those that a link leads nowhere to as well. */
function pathsIn(folder: string, problems: Problem[]): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .sort()
      .map((name) => join(folder, name))
      .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? true);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') problems.push({ field: folder, expected: 'a folder of key files', found: message });
    return [];
  }
}

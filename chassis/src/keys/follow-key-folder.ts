import type { ApiKey } from '@berth/core/keys';
import { type Problem, problemText } from '@berth/core/schema';
import { watchFolder } from '../config/index.ts';
import type { Logger } from '../log/index.ts';
import { KeyRing } from './key-ring.ts';
import { readKeyFolder } from './read-key-folder.ts';

/** The key files cannot be used as they are. */
export class KeysError extends Error {
  override readonly name = 'KeysError';
  readonly code = 'KeysInvalid';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(problemText).join('; '));
    this.problems = problems;
  }
}

export type FollowOptions = {
  readonly folder: string;
  readonly lookMs: number;
  readonly log: Logger;
};

export type FollowedKeys = {
  readonly ring: KeyRing;
  readonly stop: () => void;
};

/**
 * The keys of a folder, and what becomes of them while it changes. Files with a mistake change nothing, and once keys
 * were asked for they are until the process ends: that files are gone must not open the door.
 *
 * @throws KeysError when the files cannot be used at the start
 */
export function followKeyFolder({ folder, lookMs, log }: FollowOptions): FollowedKeys {
  const first = readKeyFolder(folder);
  if (!first.ok) throw new KeysError(first.problems);
  let keys = first.value;
  const ring = new KeyRing(keys);
  if (keys !== undefined) log.info('keys in force', { folder, ...summaryOf(keys) });
  const stop = watchFolder(folder, lookMs, () => {
    const read = readKeyFolder(folder);
    if (!read.ok) {
      log.error('keys not taken over', { problems: read.problems.map(problemText) });
      return;
    }
    if (read.value === undefined) {
      if (keys === undefined) return;
      log.warn('key files are gone: the last keys stay in force', { folder, ...summaryOf(keys) });
      return;
    }
    keys = read.value;
    ring.replace(keys);
    log.info('keys in force', { folder, ...summaryOf(keys) });
  });
  return { ring, stop };
}

/** What a log may have of keys: how many there are, and what they are called. */
function summaryOf(keys: readonly ApiKey[]) {
  return { keys: keys.length, names: [...new Set(keys.map(({ name }) => name))].sort() };
}

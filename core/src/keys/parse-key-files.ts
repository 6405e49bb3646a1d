import type { Checked, Problem } from '../schema/index.ts';
import { type ApiKey, EVERY_MODEL, isKeyName, isModelName, LONGEST_NAME, NAME_MEANS } from './api-key.ts';

export type KeyFile = { readonly path: string; readonly text: string };

const LINE_MEANS = '"<name> sha256:<64 hexadecimal digits> <models>"';
const MODELS_MEANS = '"*" or the names of models with commas between them as the third word';

/** Problems that are told at the most: whoever mends those sees the next. */
const MOST_PROBLEMS = 10;

/**
 * Reads the keys of a server's key files: one to a line, its words separated by blanks; blank lines and comments from
 * `#` on mean nothing. A problem names file and line, and never repeats what stands there: it may be a key.
 */
export function parseKeyFiles(files: readonly KeyFile[]): Checked<readonly ApiKey[]> {
  const keys: ApiKey[] = [];
  const problems: Problem[] = [];
  const placeOf = new Map<string, string>();
  for (const { path, text } of files) {
    const lines = text.replace(/^\ufeff/, '').split('\n');
    for (let at = 0; at < lines.length; at++) {
      const words = wordsOf(lines[at] as string);
      if (words.length === 0) continue;
      const place = `${path}: line ${at + 1}`;
      const parsed = parseWords(words, place);
      if (parsed.ok) {
        const { sha256 } = parsed.value;
        const other = placeOf.get(sha256);
        if (other === undefined) {
          placeOf.set(sha256, place);
          keys.push(parsed.value);
          continue;
        }
        problems.push({ field: place, expected: 'each key once', found: `the same as in ${other}` });
      } else problems.push(...parsed.problems);
      if (problems.length >= MOST_PROBLEMS) return { ok: false, problems: problems.slice(0, MOST_PROBLEMS) };
    }
  }
  return problems.length === 0 ? { ok: true, value: keys } : { ok: false, problems };
}

function wordsOf(line: string): readonly string[] {
  const words = line.trim().split(/\s+/);
  const comment = words.findIndex((word) => word.startsWith('#'));
  return words.slice(0, comment === -1 ? undefined : comment).filter((word) => word !== '');
}

function parseWords(words: readonly string[], field: string): Checked<ApiKey> {
  const [name = '', digest = '', models = ''] = words;
  if (words.length !== 3) {
    const found = `${words.length} ${words.length === 1 ? 'word' : 'words'}`;
    return { ok: false, problems: [{ field, expected: LINE_MEANS, found }] };
  }
  const sha256 = /^sha256:([0-9a-f]{64})$/i.exec(digest)?.[1]?.toLowerCase();
  const list = models === EVERY_MODEL ? EVERY_MODEL : models.split(',');
  const problems: Problem[] = [];
  if (!isKeyName(name)) problems.push({ field, expected: `${NAME_MEANS} as the first word`, found: nameFault(name) });
  if (sha256 === undefined) {
    const expected = '"sha256:" and 64 hexadecimal digits as the second word';
    problems.push({ field, expected, found: digestFault(digest) });
  }
  if (list !== EVERY_MODEL && !list.every(isModelName)) {
    problems.push({ field, expected: MODELS_MEANS, found: modelsFault(list) });
  }
  return sha256 === undefined || problems.length > 0
    ? { ok: false, problems }
    : { ok: true, value: { name, sha256, models: list } };
}

function nameFault(name: string): string {
  return name.length > LONGEST_NAME
    ? `one of ${name.length} characters`
    : 'one with other characters, or one that begins with a mark';
}

function digestFault(digest: string): string {
  if (!/^sha256:/i.test(digest)) return 'no "sha256:"';
  const length = digest.length - 'sha256:'.length;
  return length === 64 ? '64 characters, not all of them such digits' : `${length} characters after "sha256:"`;
}

function modelsFault(models: readonly string[]): string {
  if (models.includes('')) return 'a comma too many';
  return models.includes(EVERY_MODEL) ? '"*" among names' : 'a name that no model can have';
}

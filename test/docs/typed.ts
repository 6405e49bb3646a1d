import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { Block } from './read-blocks.ts';

/** A block as bash runs it for a test: both outputs in one, and curl without its progress, as it is on a terminal. */
export function asTyped(script: string): readonly string[] {
  return ['-e', '-c', `exec 2>&1\n${script.replaceAll(/^curl /gm, 'curl -sS ')}`];
}

export function checkSyntax(script: string): void {
  const { status, stderr } = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

/** Holds what a block printed against what the document shows below it. */
export function assertPrints({ prints }: Pick<Block, 'prints'>, found: string): void {
  if (prints === undefined) return;
  if (prints.language === 'json') assertAlike(JSON.parse(found), JSON.parse(prints.text), '$');
  else if (!isPrinted(prints.text, found)) assert.equal(found.trim(), prints.text.trim());
}

/** Whether that is what the document shows, but for what `…` stands for and what differs from run to run. */
export function isPrinted(shown: string, found: string): boolean {
  return new RegExp(`${patternOf(linesOf(shown))}$`).test(`${linesOf(found).join('\n')}\n`);
}

/** Whether the lines that the document shows have come, in this order, among what else did. */
export function haveCome(shown: string, found: string): boolean {
  const lines = linesOf(shown).flatMap((line) => [ANY, line]);
  return new RegExp(patternOf(lines)).test(`${linesOf(found).join('\n')}\n`);
}

/** Any text in a line, or any lines. */
const ANY = '…';

function patternOf(lines: readonly string[]): string {
  const literal = (line: string) => line.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(ANY, '.*');
  return `^${lines.map((line) => (line === ANY ? '(?:.*\n)*?' : `${literal(line)}\n`)).join('')}`;
}

/** Without what is chance in the output of kubectl: endings of names, ages, addresses, how wide a column is. */
function linesOf(text: string): readonly string[] {
  return text
    .trim()
    .replaceAll(/-[bcdf-hj-np-tv-xz2-9]{5,10}\b/g, '-#')
    .replaceAll(/\b(\d+(\.\d+)?(ms|[smhd]))+\b/g, '#s')
    .replaceAll(/\b\d+\.\d+\.\d+\.\d+\b/g, '#.#.#.#')
    .replaceAll(/ {2,}/g, '  ')
    .replaceAll(/ +$/gm, '')
    .split('\n');
}

/** Equal, but for the last digits of floats, which differ between processors. */
function assertAlike(found: unknown, expected: unknown, path: string): void {
  if (typeof expected === 'number' && typeof found === 'number') {
    const difference = Math.abs(found - expected);
    assert.ok(difference <= 1e-5, `${path}: the document has ${expected}, found ${found}`);
  } else if (typeof expected === 'object' && expected !== null && typeof found === 'object' && found !== null) {
    assert.deepEqual(Object.keys(found), Object.keys(expected), path);
    for (const [key, value] of Object.entries(expected)) {
      assertAlike((found as Record<string, unknown>)[key], value, `${path}.${key}`);
    }
  } else {
    assert.deepEqual(found, expected, path);
  }
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bold, fail, failUsage } from './terminal.ts';
import { aTerminal } from './testing/a-terminal.ts';

const BOLD = '\x1b[1mname\x1b[22m';

const cases: ReadonlyArray<readonly [does: string, terminal: Parameters<typeof aTerminal>[0], expected: string]> = [
  ['is bold on a screen', { isTTY: true }, BOLD],
  ['is plain in a pipe', { isTTY: false }, 'name'],
  ['is plain where NO_COLOR is set', { isTTY: true, environment: { NO_COLOR: '1' } }, 'name'],
  ['is bold where NO_COLOR is empty', { isTTY: true, environment: { NO_COLOR: '' } }, BOLD],
];

for (const [does, terminal, expected] of cases) {
  test(`a name ${does}`, () => assert.equal(bold(aTerminal(terminal), 'name'), expected));
}

test('failUsage says every problem and where help is, and exits 2', () => {
  const terminal = aTerminal();
  assert.equal(failUsage(terminal, ['one', 'two'], 'berth serve --help'), 2);
  assert.deepEqual(terminal.written(), { out: '', err: 'berth: one\nberth: two\nSee: berth serve --help\n' });
});

test('fail says what went wrong, and exits 1', () => {
  const terminal = aTerminal();
  assert.equal(fail(terminal, 'no'), 1);
  assert.deepEqual(terminal.written(), { out: '', err: 'berth: no\n' });
});

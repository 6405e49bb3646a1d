import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runScript, top } from './run-script.ts';

const folder = join(top, 'scripts');
const files = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.name.endsWith('.ts'))
  .map(({ name }) => name);
const commands = files.filter((file) => !file.endsWith('.sh'));
const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;

/** Words of bash 4 and later; macOS has 3.2. */
const TOO_NEW = [
  ...[/\bmapfile\b/, /\breadarray\b/, /\b(declare|local|typeset) -[A-Za-z]*[Agn]/, /\$\{\w+(\[.\])?(,|\^)/],
  ...[/&>>/, /\|&/, /\bwait -n\b/, /\[\[ -v /, /\bcoproc\b/, /\$\{\w+@\w\}/, /%\([^)]*\)T/, /EPOCH(SECONDS|REALTIME)/],
];

for (const file of files) {
  describe(`scripts/${file}`, () => {
    const path = join(folder, file);
    const source = readFileSync(path, 'utf8');

    test('bash reads it', () => {
      const { status, stderr } = spawnSync('bash', ['-n', path], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    });
    test('shellcheck finds nothing', { skip: !hasShellcheck && 'shellcheck is not installed' }, () => {
      const { status, stdout } = spawnSync('shellcheck', ['--external-sources', path], { encoding: 'utf8' });
      assert.equal(status, 0, stdout);
    });
    test('has nothing that bash 3.2 does not know', () => {
      for (const word of TOO_NEW) assert.doesNotMatch(source, word);
    });
  });
}

for (const command of commands) {
  describe(`scripts/${command}`, () => {
    test('can be run', () => accessSync(join(folder, command), constants.X_OK));
    test('stops at the first error', () => {
      assert.match(readFileSync(join(folder, command), 'utf8'), /^set -euo pipefail$/m);
    });
    test('--help says what it does, its options, its exit codes and an example', async () => {
      const { code, stdout, stderr } = await runScript(`${command} --help`);
      assert.deepEqual([code, stderr], [0, '']);
      for (const part of [
        `  scripts/${command}`,
        '--namespace',
        '--context',
        'Exit codes: 0 done, 1 failed, 2 wrong',
      ]) {
        assert.ok(stdout.includes(part), `${part} is not in ${stdout}`);
      }
    });
    for (const wrong of ['--no-such-option', 'word', '-x', '--namespace', '--namespace=']) {
      test(`${wrong} is wrong usage, and the usage is shown`, async () => {
        const { code, stderr, calls } = await runScript(`${command} ${wrong}`);
        assert.deepEqual([code, calls], [2, []]);
        assert.match(stderr, /Exit codes:/);
      });
    }
  });
}

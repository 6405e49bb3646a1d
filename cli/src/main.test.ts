import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import packageJson from '../package.json' with { type: 'json' };

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const iris = fileURLToPath(new URL('../../examples/models/iris', import.meta.url));

const cases: ReadonlyArray<readonly [does: string, args: readonly string[], code: number, out: RegExp, err: RegExp]> = [
  ['tells how it is used', ['--help'], 0, /^berth serves .*\n\nUsage: berth <command>/, /^$/],
  ['tells that too when it is told nothing', [], 0, /^berth serves /, /^$/],
  ['tells its version', ['--version'], 0, new RegExp(`^${packageJson.version}\n$`), /^$/],
  ['hands a command its arguments', ['inspect', iris], 0, /^file +\S+\/iris\/1\/model\.onnx /, /^$/],
  ['ends as the command does', ['inspect'], 2, /^$/, /^berth: expected one ONNX file\nSee: berth inspect --help\n$/],
  ['makes a key', ['keys', 'new', 'shop'], 0, /^A key "shop" for every model\./, /^$/],
  ['knows no other commands', ['fly'], 2, /^$/, /^berth: "fly" is not a command\nSee: berth --help\n$/],
  ['knows no other options', ['--fly'], 2, /^$/, /^berth: "--fly" is not a command\nSee: berth --help\n$/],
];

test('berth inspect model.onnx knows the model’s name from where it is', () => {
  const child = spawnSync(process.execPath, [main, 'inspect', 'model.onnx'], { cwd: `${iris}/1`, encoding: 'utf8' });
  assert.match(child.stdout, /^file +model\.onnx .*\/models\/iris\/predict /s);
});

for (const [does, args, code, out, err] of cases) {
  test(`berth ${does}`, () => {
    const child = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
    assert.match(child.stderr, err);
    assert.match(child.stdout, out);
    assert.equal(child.status, code);
  });
}

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';

// A newcomer's `npm ci && npm start` on a fresh clone, with the npm versions that are about. The machine's own Node runs
// npm 10 and 11; npm 12 needs a newer one, so it is run by the one of this checkout.
const top = join(import.meta.dirname, '../..');
const bin = join(top, 'node_modules/.bin');
const machinePath = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(delimiter);
const folder = mkdtempSync(join(tmpdir(), 'berth-npm-'));
after(() => rmSync(folder, { recursive: true }));

const QUIET = ['npm_config_loglevel', 'npm_config_update_notifier'];
const environment = (path: string) => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name) && !QUIET.includes(name))),
  PATH: path,
  // Nothing of this user's own configuration.
  npm_config_userconfig: join(folder, 'npmrc'),
  npm_config_cache: join(folder, 'cache'),
});

describe('npm ci and npm start on a fresh clone', () => {
  for (const version of ['10', '11', '12']) {
    test(`with npm ${version}: no warning, the right Node, a prediction`, async () => {
      const path = version === '12' ? `${dirname(process.execPath)}${delimiter}${machinePath}` : machinePath;
      const env = environment(path);
      const tools = join(folder, `npm-${version}`);
      execFileSync('npm', ['install', '--silent', '--prefix', tools, `npm@${version}`], {
        env: environment(`${bin}${delimiter}${machinePath}`),
      });
      const npm = join(tools, 'node_modules/npm/bin/npm-cli.js');
      const clone = join(folder, `clone-${version}`);
      execFileSync('git', ['clone', '--quiet', top, clone]);

      const installed = execFileSync('bash', ['-c', `node ${npm} ci 2>&1`], { cwd: clone, env, encoding: 'utf8' });
      // npm tells of its own next version, and nothing else.
      const said = installed.split('\n').filter((line) => line !== '' && !line.startsWith('npm notice'));
      assert.equal(said.length, 1, installed);
      assert.match(said[0] ?? '', /^added \d+ packages in \d+s$/);

      const running = spawn('node', [npm, 'start', '--', '--http-port', '0', '--metrics-port', '0'], {
        cwd: clone,
        env,
        detached: true,
      });
      let output = '';
      running.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      running.stderr.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      try {
        const deadline = performance.now() + 30_000;
        while (!output.includes('"ready"')) {
          assert.ok(performance.now() < deadline && running.exitCode === null, output);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        const [, port] = /"http_port":(\d+)/.exec(output) ?? [];
        const answer = await fetch(`http://127.0.0.1:${port}/predict`);
        assert.equal(((await answer.json()) as { model: string }).model, 'iris');
        assert.ok(!/warn/i.test(output.replaceAll(/"level":"\w+"/g, '')), output);
      } finally {
        process.kill(-(running.pid as number), 'SIGINT');
      }
    });
  }
});

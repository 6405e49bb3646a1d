import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestOf } from '@berth/chassis/keys';
import { mount } from '../../chassis/src/testing/mount.ts';
import { load } from './load.ts';
import { EXAMPLES, startServerProcess } from './server-process.ts';

const ROW = '[5.1,3.5,1.4,0.2]';

const folder = mkdtempSync(join(tmpdir(), 'berth-journey-keys-'));
after(() => rmSync(folder, { recursive: true }));

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** Mounts a version of the Secret with these keys. */
const mountKeys = (version: number, ...keys: readonly string[]) =>
  mount(folder, 'keys', version, keys.map((key) => `shop sha256:${digestOf(key)} iris\n`).join(''));

test('a key is rotated under load and no request is lost; neither key is in the log', async () => {
  const [old, fresh] = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')];
  mountKeys(1, old);
  const args = [EXAMPLES, '--default-model', 'iris', '--keys', folder, '--log-level', 'debug'];
  const server = await startServerProcess({ args });
  try {
    await server.logged('ready');
    const statusWith = async (key: string) => (await fetch(`${server.url}/predict`, { headers: bearer(key) })).status;
    const takenOver = async (times: number) => {
      while (server.log.filter(({ message }) => message === 'keys in force').length < times) await sleep(10);
    };
    let key = old;
    let isOver = false;
    const running = load(
      `${server.url}/predict`,
      ROW,
      16,
      () => isOver,
      () => bearer(key),
    );
    await sleep(200);
    assert.equal(await statusWith(fresh), 401);
    mountKeys(2, old, fresh);
    await takenOver(2);
    key = fresh;
    await sleep(200);
    mountKeys(3, fresh);
    await takenOver(3);
    assert.equal(await statusWith(old), 401);
    await sleep(200);
    isOver = true;
    const { answered, lost, refused, notConnected } = await running;
    assert.deepEqual({ lost, refused, notConnected }, { lost: [], refused: [], notConnected: 0 });
    assert.ok(answered > 500, `only ${answered} answered`);
    const log = JSON.stringify(server.log);
    for (const secret of [old, fresh]) assert.ok(!log.includes(secret) && !log.includes(digestOf(secret)));
    assert.ok(server.log.some(({ message, key: name }) => message === 'request answered' && name === 'shop'));
  } finally {
    server.child.kill('SIGKILL');
  }
});

test('a key file with a mistake is a problem of the configuration, and its content is not shown', () => {
  const wrong = join(folder, 'wrong');
  mkdirSync(wrong);
  writeFileSync(join(wrong, 'keys'), '# the shop\nberth_pasted-here\n');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, '../../cli/src/main.ts'), 'serve', EXAMPLES, '--keys', wrong],
    { encoding: 'utf8', timeout: 10_000 },
  );
  assert.equal(status, 2);
  const expected = 'expected "<name> sha256:<64 hexadecimal digits> <models>", found 1 word';
  assert.equal(stderr, `berth: ${wrong}/keys: line 2: ${expected}\nSee: berth serve --help\n`);
  assert.equal(stdout, '');
});

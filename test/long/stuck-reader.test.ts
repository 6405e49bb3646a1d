import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHttpServer } from '@berth/chassis/http';

test('a client that takes nothing of its answer keeps bodies out for a minute, and not for ever', async () => {
  const server = createHttpServer({
    admit:
      () =>
      ({ path }) => ({ status: 200, body: path === '/large' ? Buffer.alloc(20 * 1024 * 1024) : 'small' }),
    refuse: () => ({ status: 503, body: 'busy' }),
    limits: () => ({ bodyBytes: 1000, allBodiesBytes: 1000 }),
    connectionMaxAgeMs: 600_000,
    now: () => performance.now(),
    random: () => 0,
  });
  const port = await server.listen('127.0.0.1', 0);
  const post = async () => (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x' })).status;
  const stuck = connect(port, '127.0.0.1', () => stuck.pause().write('GET /large HTTP/1.1\r\nhost: a\r\n\r\n'));
  stuck.on('error', () => {});
  await sleep(500);
  assert.equal(await post(), 503);
  const deadline = performance.now() + 90_000;
  while ((await post()) === 503) {
    assert.ok(performance.now() < deadline);
    await sleep(1000);
  }
  stuck.destroy();
  await server.close();
});

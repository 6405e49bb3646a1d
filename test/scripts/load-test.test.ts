import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Second, sendLoad } from '../../scripts/load/generator.ts';
import { failuresOf, summaryOf } from '../../scripts/load/report.ts';

const script = join(import.meta.dirname, '../../scripts/load-test');

/** Serves while the test looks, and gives what it gives. */
async function withServer<Result>(answer: RequestListener, look: (url: string) => Promise<Result>): Promise<Result> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await look(`http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function load(
  url: string,
  more: { rate?: number; seconds?: number; connections?: 'keep-alive' | 'new' | 'mixed' } = {},
) {
  const seconds: Second[] = [];
  const whole = { url, body: '[1]', rate: 20, seconds: 2, connections: 'mixed', ...more } as const;
  await sendLoad(whole, (second) => seconds.push(second));
  return seconds;
}

function run(...args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, BERTH_API_KEY: 'a-key' };
    const child = execFile(script, args, { env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}

test('the loop is open: requests leave at the rate, however slow the answers are, and waiting counts', () =>
  withServer(
    (_, response) => void setTimeout(() => response.end(), 1500),
    async (url) => {
      const { sent, answered, failed, p50 } = summaryOf(await load(url));
      assert.deepEqual({ sent, answered, failed }, { sent: 40, answered: 40, failed: 0 });
      assert.ok(p50 >= 1500);
    },
  ));

test('connections are shared, or one for each request', async () => {
  for (const [connections, most, least] of [
    ['keep-alive', 5, 1],
    ['new', 20, 20],
  ] as const) {
    const sockets = new Set<unknown>();
    await withServer(
      (request, response) => {
        sockets.add(request.socket);
        response.end();
      },
      (url) => load(url, { seconds: 1, connections }),
    );
    assert.ok(sockets.size <= most && sockets.size >= least, `${connections}: ${sockets.size} connections`);
  }
});

const outcomes: readonly (readonly [what: string, answer: RequestListener, RegExp])[] = [
  [
    'a refusal, with its words',
    (_, response) => void response.writeHead(400).end('{"error":"no"}'),
    /^20 × status 400 \{"error":"no"\}$/,
  ],
  ['a busy server, without', (_, response) => void response.writeHead(503).end('{"error":"1"}'), /^20 × status 503$/],
  [
    'an answer that breaks off',
    (_, response) => void response.writeHead(200, { 'content-length': 9 }).write('1', () => response.destroy()),
    /^20 × (the answer broke off|ECONNRESET)$/,
  ],
  ['a connection that is cut', (request) => void request.socket.destroy(), /^20 × ECONNRESET$/],
];
for (const [what, answer, expected] of outcomes) {
  test(`${what} is a failure that says so`, () =>
    withServer(answer, async (url) => assert.match(failuresOf(await load(url, { seconds: 1 })), expected)));
}

test('load-test shows a table and a picture, sends the key, and exits with 0 when all was answered', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-load-'));
  const picture = join(folder, 'load.svg');
  const keys = new Set<unknown>();
  const { code, output } = await withServer(
    (request, response) => {
      keys.add(request.headers.authorization);
      response.end();
    },
    (url) => run('--url', url, '--rate', '20', '--duration', '2', '--picture', picture),
  );
  assert.equal(code, 0, output);
  assert.match(output, /time +sent +answered +failed/);
  assert.match(output, /40 sent, 40 answered, 0 failed/);
  assert.match(readFileSync(picture, 'utf8'), /^<svg[\s\S]*requests in a second[\s\S]*<\/svg>\n$/);
  assert.deepEqual([...keys], ['Bearer a-key']);
  rmSync(folder, { recursive: true });
});

test('load-test exits with 1 when something was not answered', async () => {
  const { code, output } = await withServer(
    (_, response) => void response.writeHead(503).end(),
    (url) => run('--url', url, '--rate', '10', '--duration', '1'),
  );
  assert.equal(code, 1);
  assert.match(output, /10 failed: 10 × status 503/);
});

for (const [args, says] of [
  [['--rate', '0'], /--rate is a whole number from 1 on, not "0"/],
  [['--connections', 'many'], /--connections is one of keep-alive, new, mixed, not "many"/],
  [['--colour'], /--colour/],
] as const) {
  test(`load-test ${args.join(' ')} is refused with 2`, async () => {
    const { code, output } = await run(...args);
    assert.equal(code, 2);
    assert.match(output, says);
  });
}

test('load-test --dry-run shows the pod that it would make, without the key', async () => {
  const { code, output } = await run('--dry-run');
  assert.equal(code, 0);
  assert.match(output, /"kind": "Pod"/);
  assert.doesNotMatch(output, /a-key/);
});

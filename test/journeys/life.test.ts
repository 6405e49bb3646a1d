import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { load } from './load.ts';
import { EXAMPLES, type ServerProcess, startServerProcess, TEST_MODELS } from './server-process.ts';

const ROW = '[5.1,3.5,1.4,0.2]';
const IRIS = [EXAMPLES, '--default-model', 'iris'];

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});
function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-journey-'));
  folders.push(folder);
  return folder;
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.status;
}

async function withServer(
  options: Parameters<typeof startServerProcess>[0],
  use: (server: ServerProcess) => Promise<void>,
) {
  const server = await startServerProcess(options);
  try {
    await use(server);
  } finally {
    server.child.kill('SIGKILL');
  }
}

describe('ending', () => {
  test('SIGTERM under the load of 64 connections that move away within the delay loses nothing; exit 0', () =>
    withServer({ args: [...IRIS, '--drain-delay-ms', '2500'] }, async (server) => {
      await server.logged('ready');
      let isOver = false;
      const running = load(`${server.url}/predict`, ROW, 64, () => isOver);
      await sleep(700);
      const told = performance.now();
      server.child.kill('SIGTERM');
      while ((await statusOf(`${server.operationsUrl}/readyz`)) !== 503) await sleep(5);
      const notReadyAfter = performance.now() - told;
      assert.equal(await statusOf(`${server.url}/v2/health/ready`), 503);
      // The cluster has taken the pod out of its Service by now: clients send no more, after what they have under way.
      await sleep(1500);
      assert.equal(await statusOf(`${server.url}/predict`), 200, 'new work is still taken');
      assert.equal(await statusOf(`${server.operationsUrl}/livez`), 200);
      isOver = true;
      const { answered, lost, refused, notConnected } = await running;
      assert.deepEqual({ lost, refused, notConnected }, { lost: [], refused: [], notConnected: 0 });
      assert.ok(answered > 1000, `only ${answered} answered`);
      assert.ok(notReadyAfter < 2000);
      assert.equal(await server.ended, 0);
      const tookMs = performance.now() - told;
      assert.ok(tookMs > 2400 && tookMs < 10_000, `ended after ${tookMs} ms`);
      assert.equal(server.log.at(-1)?.unanswered, 0);
    }));

  test('what was accepted before the end of the delay is answered after it', () =>
    withServer({ args: [aSlowRepository(), '--drain-delay-ms', '2000'] }, async (server) => {
      await server.logged('ready');
      server.child.kill('SIGTERM');
      await sleep(1700);
      // About a second of loops: it ends after the delay has.
      const response = await fetch(`${server.url}/predict`, { method: 'POST', body: '{"inputs":{"trips":[400000]}}' });
      assert.equal(response.status, 200);
      await response.arrayBuffer();
      assert.equal(response.headers.get('connection'), 'close');
      assert.equal(await server.ended, 0);
    }));

  test('a second SIGTERM changes nothing', () =>
    withServer({ args: [...IRIS, '--drain-delay-ms', '2000'] }, async (server) => {
      await server.logged('ready');
      const told = performance.now();
      server.child.kill('SIGTERM');
      await sleep(300);
      server.child.kill('SIGTERM');
      await sleep(300);
      assert.equal(await statusOf(`${server.url}/predict`), 200);
      assert.equal(await server.ended, 0);
      assert.ok(performance.now() - told > 1900);
    }));

  test('Ctrl-C does not wait for the delay', () =>
    withServer({ args: [...IRIS, '--drain-delay-ms', '20000'] }, async (server) => {
      await server.logged('ready');
      server.child.kill('SIGINT');
      assert.equal(await server.ended, 0);
      assert.equal((await server.logged('draining')).signal, 'SIGINT');
    }));

  test('a second Ctrl-C exits at once, whatever is under way', () =>
    withServer({ args: [aSlowRepository()] }, async (server) => {
      await server.logged('ready');
      const asked = fetch(`${server.url}/predict`, { method: 'POST', body: '{"inputs":{"trips":[2000000000]}}' }).catch(
        () => 'lost',
      );
      await sleep(300);
      server.child.kill('SIGINT');
      await server.logged('draining');
      server.child.kill('SIGINT');
      assert.equal(await server.ended, 130);
      assert.equal(await asked, 'lost');
    }));

  test('a run that hangs ends with the grace period, and the exit code says so', () =>
    withServer(
      { args: [aSlowRepository(), '--drain-delay-ms', '2000', '--grace-period-ms', '2500'] },
      async (server) => {
        await server.logged('ready');
        const asked = fetch(`${server.url}/predict`, {
          method: 'POST',
          body: '{"inputs":{"trips":[2000000000]}}',
        }).catch(() => 'lost');
        await sleep(300);
        server.child.kill('SIGTERM');
        assert.equal(await server.ended, 1);
        assert.equal(server.log.at(-1)?.unanswered, 1);
        assert.equal(await asked, 'lost');
      },
    ));
});

/** The loop model with an example that takes long enough to be put on a thread, so that the server goes on meanwhile. */
function aSlowRepository(example = '{ inputs: { trips: [5000] } }', warmUpRuns = 1): string {
  const folder = aFolder();
  mkdirSync(join(folder, 'slow'));
  cpSync(join(TEST_MODELS, 'slow.onnx'), join(folder, 'slow/model.onnx'));
  writeFileSync(join(folder, 'slow/serving.yaml'), `example: ${example}\nwarmUp: { runs: ${warmUpRuns} }\n`);
  return folder;
}

describe('health', () => {
  test('a hung runner fails liveness, and load never fails readiness', () =>
    withServer(
      {
        args: [
          aSlowRepository(),
          '--liveness-stall-ms',
          '1000',
          '--max-queue-requests',
          '1',
          '--request-timeout-ms',
          '1500',
        ],
      },
      async (server) => {
        await server.logged('ready');
        const ask = () => fetch(`${server.url}/predict`, { method: 'POST', body: '{"inputs":{"trips":[2000000000]}}' });
        const running = ask();
        await sleep(200);
        const waiting = ask();
        await sleep(100);
        const full = await ask();
        assert.equal(full.status, 503);
        assert.equal(full.headers.get('retry-after'), '1');
        assert.match(
          ((await full.json()) as { error: string }).error,
          /the model has 1 request\(s\) of 8 bytes waiting, of at most 1/,
        );
        assert.equal(await statusOf(`${server.operationsUrl}/readyz`), 200);
        assert.equal(await statusOf(`${server.operationsUrl}/livez`), 200);
        for (const answer of [running, waiting]) assert.equal((await answer).status, 504);
        const live = await fetch(`${server.operationsUrl}/livez`);
        assert.equal(live.status, 503);
        assert.match(
          JSON.stringify(await live.json()),
          /model \\"slow\\" version 1: a run has made no progress for \d+ s/,
        );
        assert.equal(await statusOf(`${server.operationsUrl}/readyz`), 200);
      },
    ));

  test('startup tells the progress while models load, and readiness waits for them', () =>
    withServer({ args: [aSlowRepository('{ inputs: { trips: [200000] } }', 10)] }, async (server) => {
      const startup = await fetch(`${server.operationsUrl}/startupz`);
      assert.equal(startup.status, 503);
      assert.match(
        JSON.stringify(await startup.json()),
        /0 of 1 model version\(s\) are loaded.*(loading|warming), for/,
      );
      assert.equal(await statusOf(`${server.operationsUrl}/readyz`), 503);
      assert.equal(await statusOf(`${server.operationsUrl}/livez`), 200);
      const early = await fetch(`${server.url}/predict`);
      assert.equal(early.status, 503);
      assert.equal(early.headers.get('retry-after'), '1');
      await server.logged('ready');
      assert.equal(await statusOf(`${server.operationsUrl}/startupz`), 200);
      assert.equal(await statusOf(`${server.operationsUrl}/readyz`), 200);
    }));

  test('the largest body that is taken keeps no health check waiting for long', () =>
    withServer({ args: [...IRIS, '--max-answer-elements', '10000000'] }, async (server) => {
      await server.logged('ready');
      const rows = Math.floor((4 * 1024 * 1024) / '[5.1,3.5,1.4,0.2],'.length) - 1;
      const answer = fetch(`${server.url}/predict`, { method: 'POST', body: `[${Array(rows).fill(ROW)}]` });
      let longest = 0;
      let isOver = false;
      const probing = (async () => {
        while (!isOver) {
          const asked = performance.now();
          assert.equal(await statusOf(`${server.operationsUrl}/livez`), 200);
          longest = Math.max(longest, performance.now() - asked);
          await sleep(10);
        }
      })();
      const { predictions } = (await (await answer).json()) as { predictions: { label: string }[] };
      isOver = true;
      await probing;
      assert.equal(predictions.length, rows);
      assert.ok(predictions.every(({ label }) => label === 'setosa'));
      // The probes of k8s/ wait two seconds for their answer.
      assert.ok(longest < 2000, `a health check took ${longest} ms`);
    }));

  test('connections have a maximum age', () =>
    withServer({ args: [...IRIS, '--connection-max-age-ms', '1000'] }, async (server) => {
      await server.logged('ready');
      let isOver = false;
      const running = load(`${server.url}/predict`, ROW, 4, () => isOver);
      await sleep(2500);
      isOver = true;
      const { lost, refused, answered, toldToClose } = await running;
      assert.deepEqual({ lost, refused }, { lost: [], refused: [] });
      assert.ok(answered > 100);
      // Four connections, each told after about a second, twice.
      assert.ok(toldToClose >= 4 && toldToClose <= 12, `${toldToClose} answers closed their connection`);
    }));

  test('an end does not wait for models that are still to be loaded', async () => {
    const folder = aFolder();
    const slow = join(aSlowRepository('{ inputs: { trips: [400000] } }', 3), 'slow');
    for (const name of ['a', 'b', 'c', 'd']) cpSync(slow, join(folder, name), { recursive: true });
    await withServer({ args: [folder] }, async (server) => {
      await sleep(300);
      server.child.kill('SIGINT');
      assert.equal(await server.ended, 0);
      assert.ok(server.log.filter(({ message }) => message === 'model loaded').length < 3);
    });
  });
});

describe('configuration', () => {
  test('limits and log level are taken over when the file changes; the rest says when it takes effect', async () => {
    const folder = aFolder();
    const write = (name: string, text: string) => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'config.yaml'), text);
      symlinkSync(name, join(folder, 'next'));
      // As a ConfigMap volume does it: the link is swapped in one step.
      renameSync(join(folder, 'next'), join(folder, '..data'));
    };
    write('..1', 'maxRequestBytes: 1024\ndefaultModel: iris\n');
    symlinkSync('..data/config.yaml', join(folder, 'config.yaml'));
    await withServer(
      { args: [EXAMPLES], environment: { BERTH_CONFIG: join(folder, 'config.yaml') } },
      async (server) => {
        await server.logged('ready');
        const ask = () => fetch(`${server.url}/predict`, { method: 'POST', body: ROW.padEnd(2000) });
        assert.equal((await ask()).status, 413);
        await sleep(1100);
        write('..2', 'maxRequestBytes: 4096\nlogLevel: debug\ndefaultModel: digits\n');
        while (!server.log.some(({ setting }) => setting === 'defaultModel')) await sleep(20);
        assert.equal((await ask()).status, 200);
        await server.logged('request answered');
        const changes = server.log.filter(({ message }) => message === 'setting changed');
        assert.deepEqual(Object.fromEntries(changes.map(({ setting, takes_effect }) => [setting, takes_effect])), {
          defaultModel: 'at restart',
          logLevel: 'now',
          maxRequestBytes: 'now',
        });
        write('..3', 'maxRequestBytes: lots\n');
        const refused = await server.logged('configuration not taken over');
        assert.deepEqual(refused.problems, [
          'maxRequestBytes: expected a whole number from 1024 to 2147483648, found "lots"',
        ]);
        assert.equal((await ask()).status, 200);
      },
    );
  });

  const berth = (...args: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, '../../cli/src/main.ts'), ...args], {
      encoding: 'utf8',
      timeout: 10_000,
    });

  test('every problem is reported at once, with exit code 2', () => {
    const { status, stderr } = berth(
      'serve',
      EXAMPLES,
      '--http-port',
      'abc',
      '--drain-delay-ms',
      '500',
      '--lgo-level',
      'info',
    );
    assert.equal(status, 2);
    assert.deepEqual(stderr.trimEnd().split('\n'), [
      'berth: --lgo-level: expected "--log-level" perhaps, found an unknown option',
      'berth: --http-port: expected a whole number from 0 to 65535, found "abc"',
      'berth: --drain-delay-ms: expected a whole number from 2000 to 600000, found "500"',
      'See: berth serve --help',
    ]);
  });

  test('a repository without models, and a default that is none of them, are problems of the configuration', () => {
    const empty = berth('serve', aFolder());
    assert.equal(empty.status, 2);
    assert.match(empty.stderr, /^berth: the model repository .* has no models: expected <model>\/model\.onnx/);
    const other = berth('serve', EXAMPLES, '--default-model', 'irsi');
    assert.equal(other.status, 2);
    assert.match(
      other.stderr,
      /^berth: defaultModel is "irsi", and the models here are "digits", "iris", "silero-vad"/,
    );
  });

  test('a port that is taken is named, with the option for another', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const { status, stderr } = berth('serve', EXAMPLES, '--http-port', String(port), '--metrics-port', '0');
    other.close();
    assert.equal(status, 1);
    assert.equal(
      stderr,
      `berth: port ${port} is taken by another program: stop that, or choose another with --http-port\n`,
    );
  });
});

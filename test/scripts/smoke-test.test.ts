import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { type ServerProcess, startServerProcess } from '../journeys/server-process.ts';
import { type Answers, pathOf, runScript } from './run-script.ts';

const CHECKS = [
  'ready',
  'the example of the default model',
  'the same row, sent',
  'iris in v2',
  'a wrong input is refused',
];

let server: ServerProcess;

before(async () => {
  server = await startServerProcess();
  await server.logged('ready');
});
after(async () => {
  server.child.kill('SIGINT');
  await server.ended;
});

const cluster = (forward: Answers[string]): Answers => ({
  'kubectl *config view*': 'kind-a|kind-a||',
  '*get deployment *-o name': 'deployment.apps/model-serving',
  '*port-forward svc/model-serving :80': forward,
});

describe('smoke-test', () => {
  test('asks a server at a URL, without kubectl', async () => {
    const { code, stdout, stderr } = await runScript(`smoke-test --url ${server.url}`, { commands: [] });
    assert.equal(code, 0, stdout + stderr);
    const lines = stdout.split('\n').filter((line) => line.startsWith('ok'));
    assert.deepEqual(
      lines.map((line, at) => line.includes(` ${CHECKS[at]}`)),
      CHECKS.map(() => true),
    );
  });

  test('asks through a port-forward to a free port, and ends it', async () => {
    const { port } = new URL(server.url);
    const forward = { stays: `Forwarding from 127.0.0.1:${port} -> 8000\nForwarding from [::1]:${port} -> 8000\n` };
    const { code, stdout, leftRunning } = await runScript('smoke-test', { answers: cluster(forward) });
    assert.equal(code, 0, stdout);
    assert.match(stdout, new RegExp(`^Asking http://127.0.0.1:${port}$`, 'm'));
    assert.deepEqual(leftRunning, []);
  });

  test('says why when nothing can be forwarded', async () => {
    const { code, stderr } = await runScript('smoke-test', { answers: cluster({ fails: 'error: no ready pods\n' }) });
    assert.equal(code, 1);
    assert.match(stderr, /cannot forward a port to svc\/model-serving: error: no ready pods/);
  });

  test('says of each answer what was expected and what was found', async () => {
    const { code, stdout, stderr } = await runScript('smoke-test --url http://127.0.0.1:1', { commands: [] });
    assert.equal(code, 1);
    for (const check of CHECKS)
      assert.match(stdout, new RegExp(`^FAILED {2}${check}.*: expected .* found no answer`, 'm'));
    assert.match(stderr, /5 of 5 answers were not as expected/);
  });

  test('sends the key of BERTH_API_KEY, and no argument of any command has it', async () => {
    const seen: (string | undefined)[] = [];
    const listener = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    assert.ok(address !== null && typeof address === 'object');
    try {
      const { calls, stdout, stderr } = await runScript(`smoke-test --url http://127.0.0.1:${address.port}`, {
        commands: ['curl'],
        answers: { 'curl *': { runs: pathOf('curl') } },
        environment: { BERTH_API_KEY: 'do-not-tell' },
      });
      assert.deepEqual(
        seen,
        CHECKS.map(() => 'Bearer do-not-tell'),
      );
      assert.doesNotMatch([...calls, stdout, stderr].join('\n'), /do-not-tell/);
      assert.ok(calls.some((call) => call.startsWith('curl ')));
    } finally {
      listener.close();
    }
  });
});

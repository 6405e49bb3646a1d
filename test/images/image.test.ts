import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ImageConfig, runtimeSpec } from './runtime-spec.ts';

const MIB = 2 ** 20;
const here = import.meta.dirname;
const { version } = JSON.parse(readFileSync(join(here, '../../package.json'), 'utf8'));
const image = `localhost/berth-server:${version}`;

const id = `berth-image-test-${process.pid}`;
const bundle = mkdtempSync(join(tmpdir(), `${id}-`));
const log = join(bundle, 'log');
let container: string | undefined;
let root: string;
let manifest: { readonly layers: ReadonlyArray<{ readonly size: number }> };
let config: ImageConfig;
let server: ChildProcess;
let serverPid: number;
let exited: Promise<unknown[]>;
let rest: string;
let probes: string;

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' }).trim();
}

const buildah = (...args: string[]) => run(join(here, 'buildah.sh'), ...args);
const runcOptions = ['--root', join(bundle, 'state')];
const runc = (...args: string[]) => run('runc', ...runcOptions, ...args);

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

async function answers(url: string, status: number, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  let seen: unknown;
  while (performance.now() < deadline && server.exitCode === null) {
    seen = await fetch(url).then(
      (answer) => answer.status,
      (error: Error) => error.cause,
    );
    if (seen === status) return;
    await sleep(20);
  }
  assert.fail(`${url} did not answer ${status}, last seen: ${seen}\n${readFileSync(log, 'utf8')}`);
}

function remove(): void {
  if (server?.exitCode === null) runc('delete', '--force', id);
  if (container !== undefined) buildah('rm', container);
  container = undefined;
}

describe('the image', () => {
  before(() => {
    execFileSync(join(here, 'build.sh'), { stdio: 'inherit' });
    const inspected = JSON.parse(buildah('inspect', '--type', 'image', image));
    manifest = JSON.parse(inspected.Manifest);
    config = inspected.Docker.config;
    container = buildah('from', '--pull-never', image);
    root = buildah('mount', container);
  });

  after(() => {
    remove();
    rmSync(bundle, { recursive: true });
  });

  test('says how it is run', () => {
    assert.equal(config.User, '65532:65532');
    assert.deepEqual(config.Entrypoint, ['node', '--max-semi-space-size=4', '/app/berth.js']);
    assert.deepEqual(config.Cmd, ['serve']);
    assert.deepEqual(Object.keys(config.ExposedPorts), ['8000/tcp', '8002/tcp']);
    assert.ok(config.Env.includes('BERTH_KEYS=/etc/berth/keys'));
    assert.equal(config.Healthcheck?.Test[0], 'CMD');
    assert.equal(config.Labels['org.opencontainers.image.version'], version);
    assert.equal(config.Labels['org.opencontainers.image.licenses'], 'Apache-2.0');
    assert.ok(config.Labels['org.opencontainers.image.title']);
    assert.ok(config.Labels['org.opencontainers.image.description']);
  });

  test('holds what the server needs and no more', () => {
    const sizeMb = manifest.layers.reduce((sum, layer) => sum + layer.size, 0) / 1e6;
    assert.ok(sizeMb < 250, `${sizeMb} MB`);
    assert.deepEqual(readdirSync(join(root, 'models')).sort(), ['digits', 'iris', 'silero-vad']);
    assert.deepEqual(readdirSync(join(root, 'app/node_modules/onnxruntime-node/bin/napi-v6/linux')), [process.arch]);
    assert.ok(!existsSync(join(root, 'bin')), 'no shell');
    assert.ok(!existsSync(join(root, 'usr/local/lib')), 'no npm');
  });

  test('starts confined: not root, no capability, read-only root, 256 MiB', async (t) => {
    const [restPort, probePort] = [await freePort(), await freePort()];
    rest = `http://127.0.0.1:${restPort}`;
    probes = `http://127.0.0.1:${probePort}`;
    const spec = runtimeSpec(config, {
      root,
      env: { BERTH_HTTP_PORT: `${restPort}`, BERTH_METRICS_PORT: `${probePort}` },
      cgroup: `/${id}`,
      memoryBytes: 256 * MIB,
    });
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
    const output = openSync(log, 'w');
    const started = performance.now();
    server = spawn('runc', [...runcOptions, 'run', '--bundle', bundle, id], { stdio: ['ignore', output, output] });
    exited = once(server, 'exit');
    await answers(`${probes}/readyz`, 200, 30_000);
    t.diagnostic(`ready after ${Math.round(performance.now() - started)} ms`);

    serverPid = JSON.parse(runc('state', id)).pid;
    const status = readFileSync(`/proc/${serverPid}/status`, 'utf8');
    assert.match(status, /^NSpid:\s+\d+\s+1$/m);
    assert.match(status, /^Uid:\s+65532\s/m);
    for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapAmb']) {
      assert.match(status, new RegExp(`^${set}:\\s+0+$`, 'm'));
    }
    assert.match(status, /^NoNewPrivs:\s+1$/m);
    const write = "require('node:fs').writeFileSync('/tmp/file', '')";
    assert.throws(() => runc('exec', id, 'node', '--eval', write), /EROFS/);
  });

  test('predicts', async () => {
    assert.equal((await fetch(`${rest}/predict`)).status, 200);
    const answer = await fetch(`${rest}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([5.1, 3.5, 1.4, 0.2]),
    });
    const body = await answer.text();
    assert.equal(answer.status, 200, body);
    assert.match(body, /"setosa"/);
    for (const model of ['digits', 'silero-vad']) {
      assert.equal((await fetch(`${rest}/models/${model}/predict`)).status, 200, model);
    }
  });

  test('passes its health check', () => {
    const [, ...command] = config.Healthcheck?.Test ?? [];
    runc('exec', id, ...command);
  });

  test('fits its memory', (t) => {
    const { data } = JSON.parse(runc('events', '--stats', id));
    const status = readFileSync(`/proc/${serverPid}/status`, 'utf8');
    const residentMib = Number(status.match(/^VmRSS:\s+(\d+) kB$/m)?.[1]) / 1024;
    t.diagnostic(
      `resident ${Math.round(residentMib)} MiB, cgroup ${Math.round(data.memory.usage.usage / MIB)} of 256 MiB`,
    );
    assert.ok(residentMib < 200);
  });

  test('is unready at once on SIGTERM, answers while it drains, and exits with 0', async (t) => {
    const asked = performance.now();
    runc('kill', id, 'TERM');
    await answers(`${probes}/readyz`, 503, 500);
    assert.equal((await fetch(`${rest}/predict`)).status, 200);
    assert.deepEqual(await exited, [0, null], readFileSync(log, 'utf8'));
    t.diagnostic(`gone after ${Math.round(performance.now() - asked)} ms`);
  });

  test('leaves nothing behind', () => {
    remove();
    assert.equal(runc('list', '--quiet'), '');
    assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(root));
    assert.ok(!existsSync(`/sys/fs/cgroup/memory/${id}`) && !existsSync(`/sys/fs/cgroup/${id}`));
  });
});

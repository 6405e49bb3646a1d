import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Block, readCommands } from './read-blocks.ts';
import { assertPrints, asTyped, checkSyntax } from './typed.ts';

// Runs every command of the documents, in the order in which a reader meets them, and holds what they print against what
// the document shows. A block is left out only when the document itself says that it is not run, or that it is run on a
// cluster: then by test/cluster/docs.test.ts.
const top = join(import.meta.dirname, '../..');

/** Commands that .ci/run gives itself, since they are what runs this test. */
const RUN_BY_CI = ['npm ci', 'npm test', 'npm run check'];
const ciScript = readFileSync(join(top, '.ci/run'), 'utf8');
const READY_MS = 20_000;

let folder: string;
let server: ChildProcess | undefined;

before(() => {
  // The checkout by links, so that what the commands make does not stay in it. One for all documents: a reader goes on.
  folder = mkdtempSync(join(tmpdir(), 'berth-docs-'));
  for (const entry of readdirSync(top)) if (entry !== '.git') symlinkSync(join(top, entry), join(folder, entry));
});
after(async () => {
  await stopServer();
  rmSync(folder, { recursive: true });
});

for (const { document, blocks } of readCommands(top)) {
  describe(document, () => {
    for (const block of blocks) {
      const title = `line ${block.line}: ${block.text.split('\n').at(-1)}`;
      if (block.place === 'here') test(title, () => run(block));
      else test(`${title} (not run here: its syntax)`, () => checkSyntax(block.text));
    }
    after(stopServer);
  });
}

async function run(block: Block): Promise<void> {
  const lines = block.text.split('\n').filter((line) => {
    if (!RUN_BY_CI.includes(line)) return true;
    assert.ok(ciScript.includes(line), `.ci/run does not run "${line}"`);
    return false;
  });
  if (lines.length === 0) return;
  const script = lines.join('\n');
  if (/npm start$|berth -- serve [^|]*$/.test(script)) {
    await startServer(script);
    return;
  }
  const { status, stdout } = spawnSync('bash', asTyped(script), { cwd: folder, encoding: 'utf8' });
  assert.equal(status, 0, stdout);
  assertPrints(block, stdout);
}

/** Starts what a reader would start in another terminal, and waits until it is ready. */
async function startServer(script: string): Promise<void> {
  await stopServer();
  assert.ok(!(await isReady()), 'another server answers on port 8002: end it first');
  server = spawn('bash', ['-e', '-c', script], { cwd: folder, detached: true, stdio: ['ignore', 'ignore', 'inherit'] });
  const deadline = performance.now() + READY_MS;
  for (;;) {
    assert.equal(server.exitCode, null, `"${script}" ended`);
    assert.ok(performance.now() < deadline, `"${script}" is not ready`);
    if (await isReady()) return;
    await sleep(50);
  }
}

function isReady(): Promise<boolean> {
  return fetch('http://localhost:8002/readyz').then(
    (answer) => answer.ok,
    () => false,
  );
}

/** Ctrl-C goes to the whole group, as in a terminal. */
async function stopServer(): Promise<void> {
  const running = server;
  server = undefined;
  if (running?.pid === undefined || running.exitCode !== null) return;
  const ended = once(running, 'exit');
  process.kill(-running.pid, 'SIGINT');
  await ended;
}

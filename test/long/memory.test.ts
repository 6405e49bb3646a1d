import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXAMPLES, startServerProcess } from '../journeys/server-process.ts';

// Overload of every kind at once: more connections than the queue takes, bodies up to the limit and beyond, clients that
// leave in the middle, bad input. Resident memory at the end is held against that after the first third.
const MINUTES = Number(process.env.BERTH_MEMORY_MINUTES ?? 2);

test(`memory stays where it is under ${MINUTES} min of overload`, async () => {
  const server = await startServerProcess({
    args: [
      EXAMPLES,
      '--default-model',
      'iris',
      '--max-queue-requests',
      '64',
      '--max-request-bytes',
      '4194304',
      '--max-bodies-bytes',
      '33554432',
    ],
  });
  await server.logged('ready');
  const pid = server.child.pid as number;
  const statuses: Record<string, number> = {};
  const until = performance.now() + MINUTES * 60_000;

  const row = '[5.1,3.5,1.4,0.2]';
  const bodies = [
    row,
    `[${Array(20_000).fill(row).join()}]`,
    'x'.repeat(4_000_000),
    '['.repeat(100_000),
    `{"inputs":[${'{},'.repeat(1000)}{}]}`,
  ];
  const ask = (body: string, leavesAfterMs: number | undefined) =>
    new Promise<void>((resolve) => {
      const outgoing = request(`${server.url}/predict`, { method: 'POST' }, (incoming) => {
        incoming.resume();
        incoming.once('close', () => {
          statuses[incoming.statusCode ?? 0] = (statuses[incoming.statusCode ?? 0] ?? 0) + 1;
          resolve();
        });
      });
      outgoing.once('error', () => resolve());
      if (leavesAfterMs !== undefined) setTimeout(() => outgoing.destroy(), leavesAfterMs);
      outgoing.end(body);
    });
  const loads = Array.from({ length: 150 }, async (_, at) => {
    for (let turn = at; performance.now() < until; turn++) {
      const body = turn % 11 < 7 ? row : (bodies[turn % bodies.length] as string);
      await ask(body, turn % 13 === 0 ? turn % 20 : undefined);
    }
  });

  const samples: number[] = [];
  const sampling = (async () => {
    while (performance.now() < until) {
      await sleep(1000);
      samples.push(residentMb(pid));
    }
  })();
  await Promise.all([...loads, sampling]);
  const third = samples.slice(0, Math.ceil(samples.length / 3));
  const last = samples.slice(-Math.ceil(samples.length / 3));
  const [before, after] = [Math.max(...third), Math.max(...last)];
  console.log(
    `answers by status: ${JSON.stringify(statuses)}; resident MB, most in the first third ${before.toFixed(0)}, in the last ${after.toFixed(0)}`,
  );
  server.child.kill('SIGKILL');
  assert.ok(after < before * 1.15, `memory grew from ${before} to ${after} MB`);
  assert.ok((statuses['200'] ?? 0) > 0 && (statuses['400'] ?? 0) > 0);
});

function residentMb(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}

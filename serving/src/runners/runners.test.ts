import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { fakeRunner } from '../testing/fake-runner.ts';
import { TEST_MODELS } from '../testing/models.ts';
import { runnerConformance } from './conformance.ts';
import { RUNNERS } from './open-runner.ts';

runnerConformance('inline', RUNNERS.inline);
runnerConformance('thread', RUNNERS.thread);
runnerConformance('fake', fakeRunner());

test('a thread that has died says so, refuses runs, and can be closed', async () => {
  const spec = { datatype: 'FP32' as const, shape: [-1, -1], symbols: [] };
  const signature = { inputs: [{ ...spec, name: 'x' }], outputs: [{ ...spec, name: 'y' }] };
  let thread: Worker | undefined;
  process.once('worker', (worker) => {
    thread = worker;
  });
  const runner = await RUNNERS.thread({ file: join(TEST_MODELS, 'dynamic-two.onnx'), signature, threads: 1 });
  assert.equal(runner.failure(), undefined);
  await thread?.terminate();
  assert.equal(runner.failure(), "the model's thread ended (1)");
  const input = { name: 'x', datatype: 'FP32' as const, shape: [1, 1], data: Float32Array.of(1) };
  await assert.rejects(runner.run([input]), { code: 'RunFailed' });
  await runner.close();
});

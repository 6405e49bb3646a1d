import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ServingError, type Signature, type Tensor } from '@berth/core/inference';
import type { Runner } from '../runners/runner.ts';
import { Batcher, type BatcherOptions } from './batcher.ts';

const spec = (name: string) => ({ name, datatype: 'FP32' as const, shape: [-1, 1], symbols: [] });
const signature: Signature = { inputs: [spec('x')], outputs: [spec('y')] };

const rows = (...values: number[]): readonly Tensor[] => [
  { name: 'x', datatype: 'FP32', shape: [values.length, 1], data: Float32Array.from(values) },
];
const valuesOf = ([tensor]: readonly Tensor[]) => Array.from(tensor?.data as Float32Array);

/** A runner that doubles, keeps the sizes of its runs, and holds each run while `held`. */
function aRunner(
  compute = (x: Tensor): Tensor => ({ ...x, name: 'y', data: (x.data as Float32Array).map((v) => v * 2) }),
) {
  const runs: number[] = [];
  let open: () => void = () => {};
  let gate = Promise.resolve();
  const runner: Runner = {
    kind: 'inline',
    run: async ([x]) => {
      runs.push((x as Tensor).shape[0] as number);
      await gate;
      return [compute(x as Tensor)];
    },
    failure: () => undefined,
    close: () => Promise.resolve(),
  };
  return {
    runner,
    runs,
    hold: () => {
      gate = new Promise((resolve) => {
        open = resolve;
      });
    },
    release: () => open(),
  };
}

function aBatcher(over: Partial<BatcherOptions> = {}) {
  const held = aRunner();
  const clock = { now: 0 };
  const batcher = new Batcher({
    runner: held.runner,
    signature,
    maxRows: 4,
    limits: () => ({ requests: 100, bytes: 1e6 }),
    now: () => clock.now,
    ran: () => {},
    ...over,
  });
  const submit = (inputs: readonly Tensor[], deadline = 1000, hasLeft = () => false) =>
    batcher.submit({ inputs, deadline, hasLeft });
  return { ...held, clock, batcher, submit };
}

const failsWith = (code: string) => (error: unknown) => error instanceof ServingError && error.code === code;
const turns = async (count = 5) => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

describe('Batcher', () => {
  test('runs what came in one event-loop turn together, each request with its own rows', async () => {
    const { submit, runs } = aBatcher();
    const answers = await Promise.all([submit(rows(1)), submit(rows(2, 3)), submit(rows(4))]);
    assert.deepEqual(answers.map(valuesOf), [[2], [4, 6], [8]]);
    assert.deepEqual(runs, [4]);
  });

  test('never waits: a single request runs in the turn in which it came', async () => {
    const { submit, runs } = aBatcher();
    const answer = submit(rows(1));
    await new Promise(setImmediate);
    assert.deepEqual(runs, [1]);
    await answer;
  });

  test('makes the next batch of what comes while the model runs', async () => {
    const { submit, runs, hold, release } = aBatcher();
    hold();
    const first = submit(rows(1));
    await turns();
    const later = [submit(rows(2)), submit(rows(3))];
    await turns();
    assert.deepEqual(runs, [1]);
    release();
    await Promise.all([first, ...later]);
    assert.deepEqual(runs, [1, 2]);
  });

  test('puts at most maxRows rows into a run, and runs a larger request in pieces', async () => {
    const { submit, runs } = aBatcher();
    const answers = [submit(rows(1, 2, 3)), submit(rows(4, 5)), submit(rows(1, 2, 3, 4, 5, 6)), submit(rows(7))];
    assert.deepEqual((await Promise.all(answers)).map(valuesOf), [[2, 4, 6], [8, 10], [2, 4, 6, 8, 10, 12], [14]]);
    assert.deepEqual(runs, [3, 2, 4, 2, 1]);
  });

  test('runs a larger request whole where pieces of its answer do not fit together', async () => {
    const { runner, runs } = aRunner((x) => ({ ...x, name: 'y', shape: [1, 1], data: Float32Array.of(x.data.length) }));
    const { submit } = aBatcher({ runner });
    assert.deepEqual(valuesOf(await submit(rows(1, 2, 3, 4, 5))), [5]);
    assert.deepEqual(runs, [4, 5]);
  });

  test('stops a larger request between its pieces when its deadline has passed', async () => {
    const { submit, runs, clock } = aBatcher({
      ran: () => {
        clock.now += 10;
      },
    });
    await assert.rejects(submit(rows(...Array(40).keys()), 15), failsWith('DeadlineExceeded'));
    assert.deepEqual(runs, [4, 4]);
  });

  test('tells a request that could never wait so, and not to come again', async () => {
    const { submit } = aBatcher({ limits: () => ({ requests: 100, bytes: 10 }) });
    await assert.rejects(submit(rows(1, 2, 3)), failsWith('BodyTooLarge'));
  });

  test('runs one by one where batching is off', async () => {
    const { submit, runs } = aBatcher({ maxRows: 1 });
    await Promise.all([submit(rows(1)), submit(rows(2, 3))]);
    assert.deepEqual(runs, [1, 2]);
  });

  test('refuses at once when the queue is full of requests, and takes more when it has emptied', async () => {
    const { submit, hold, release, batcher } = aBatcher({ limits: () => ({ requests: 2, bytes: 1e6 }) });
    hold();
    const running = submit(rows(0));
    await turns();
    const waiting = [submit(rows(1)), submit(rows(2))];
    await assert.rejects(submit(rows(3)), failsWith('QueueFull'));
    assert.equal(batcher.waitingRequests, 2);
    release();
    await Promise.all([running, ...waiting]);
    assert.deepEqual(valuesOf(await submit(rows(3))), [6]);
  });

  test('refuses at once when the queue is full of bytes', async () => {
    const { submit, batcher } = aBatcher({ limits: () => ({ requests: 100, bytes: 10 }) });
    const answers = [submit(rows(1)), submit(rows(2))];
    assert.equal(batcher.waitingBytes, 8);
    await assert.rejects(submit(rows(3)), /2 request\(s\) of 8 bytes waiting, of at most 100 and 10/);
    await Promise.all(answers);
    assert.equal(batcher.waitingBytes, 0);
  });

  test('drops requests whose deadline passed while they waited, uncomputed', async () => {
    const { submit, runs, hold, release, clock, batcher } = aBatcher();
    hold();
    const running = submit(rows(0));
    await turns();
    const late = assert.rejects(submit(rows(1), 5), failsWith('DeadlineExceeded'));
    const inTime = submit(rows(2), 50);
    clock.now = 10;
    release();
    await Promise.all([running, late, inTime]);
    assert.deepEqual(runs, [1, 1]);
    assert.equal(batcher.waitingBytes, 0);
  });

  test('drops requests whose client has left, uncomputed', async () => {
    const { submit, runs } = aBatcher();
    const left = assert.rejects(
      submit(rows(1), 1000, () => true),
      failsWith('ClientLeft'),
    );
    await Promise.all([left, submit(rows(2))]);
    assert.deepEqual(runs, [1]);
  });

  test('answers a deadline in time even when the run hangs', async () => {
    const { submit, hold, clock, release } = aBatcher();
    hold();
    const hanging = assert.rejects(submit(rows(0), 5), failsWith('DeadlineExceeded'));
    await turns();
    const waiting = assert.rejects(submit(rows(1), 5), failsWith('DeadlineExceeded'));
    clock.now = 6;
    await Promise.all([hanging, waiting]);
    release();
  });

  test('tells how long the run under way has been going', async () => {
    const { submit, hold, clock, release, batcher } = aBatcher();
    hold();
    const answer = submit(rows(0));
    await turns();
    clock.now = 31_000;
    assert.equal(batcher.runningForMs(), 31_000);
    release();
    await answer;
    await turns();
    assert.equal(batcher.runningForMs(), 0);
  });

  test('gives each its own answer when one request spoils a batch', async () => {
    const { runner } = aRunner((x) => {
      if ((x.data as Float32Array).includes(13)) throw new ServingError('ModelRefusedInputs', 'no 13');
      return { ...x, name: 'y' };
    });
    const { submit } = aBatcher({ runner });
    const answers = [submit(rows(1)), submit(rows(13)), submit(rows(2))];
    await assert.rejects(answers[1] as Promise<unknown>, failsWith('ModelRefusedInputs'));
    assert.deepEqual(
      (await Promise.all([answers[0], answers[2]])).map((answer) => valuesOf(answer as Tensor[])),
      [[1], [2]],
    );
  });

  test('runs requests alone when the outputs of a batch are not one per row', async () => {
    const { runner, runs } = aRunner((x) => ({ ...x, name: 'y', shape: [1, 1], data: Float32Array.of(x.data.length) }));
    const { submit } = aBatcher({ runner });
    assert.deepEqual((await Promise.all([submit(rows(1)), submit(rows(2))])).map(valuesOf), [[1], [1]]);
    assert.deepEqual(runs, [2, 1, 1]);
  });

  test('counts every run with its rows and time', async () => {
    const ran: [number, number][] = [];
    const { submit } = aBatcher({ ran: (count, ms) => ran.push([count, ms]) });
    await Promise.all([submit(rows(1)), submit(rows(2, 3))]);
    assert.deepEqual(ran, [[3, 0]]);
  });

  test('takes changed limits over at the next request', async () => {
    let requests = 1;
    const { submit } = aBatcher({ limits: () => ({ requests, bytes: 1e6 }) });
    const first = submit(rows(1));
    await assert.rejects(submit(rows(2)), failsWith('QueueFull'));
    requests = 2;
    await Promise.all([first, submit(rows(2))]);
  });
});

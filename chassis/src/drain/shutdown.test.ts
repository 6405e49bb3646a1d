import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { shutdownOnSignals } from './shutdown.ts';

/** A program that runs, and a clock that goes when it is told to. */
function aProgram() {
  const signals = new EventEmitter<{ SIGTERM: []; SIGINT: [] }>();
  const happened: string[] = [];
  const sleepers: { readonly until: number; readonly wake: () => void }[] = [];
  let now = 0;
  let finished = () => {};
  let failed = () => {};
  shutdownOnSignals(
    {
      delayMs: 5,
      graceMs: 25,
      signals,
      sleep: (ms) => new Promise((wake) => sleepers.push({ until: now + ms, wake })),
    },
    {
      announce: (signal) => happened.push(`announces ${signal}`),
      finish: () => {
        happened.push('finishes');
        return new Promise((resolve, reject) => {
          finished = resolve;
          failed = () => reject(new Error('a model does not close'));
        });
      },
      exit: (code, error) =>
        happened.push(error instanceof Error ? `exits ${code}: ${error.message}` : `exits ${code}`),
    },
  );
  return {
    happened,
    signals,
    do: async (step: Step) => {
      if (step === 'SIGTERM' || step === 'SIGINT') signals.emit(step);
      else if (step === 'all answered') finished();
      else if (step === 'cannot finish') failed();
      else now = step;
      for (const { until, wake } of sleepers) if (until <= now) wake();
      await turn();
    },
  };
}

/** A signal, the end of the last request, a failure to end, or the time that it is. */
type Step = 'SIGTERM' | 'SIGINT' | 'all answered' | 'cannot finish' | number;

const cases: ReadonlyArray<readonly [does: string, steps: readonly Step[], happens: readonly string[]]> = [
  ['runs until it is told to end', [1000], []],
  ['announces at SIGTERM, and goes on for the delay', ['SIGTERM', 4], ['announces SIGTERM']],
  ['finishes after the delay', ['SIGTERM', 5], ['announces SIGTERM', 'finishes']],
  ['exits when all is answered', ['SIGTERM', 5, 'all answered'], ['announces SIGTERM', 'finishes', 'exits 0']],
  ['heeds one SIGTERM', ['SIGTERM', 'SIGTERM', 5, 'SIGTERM'], ['announces SIGTERM', 'finishes']],
  ['finishes at once at SIGINT', ['SIGINT'], ['announces SIGINT', 'finishes']],
  ['exits when all is answered after SIGINT', ['SIGINT', 'all answered'], ['announces SIGINT', 'finishes', 'exits 0']],
  [
    'exits with the reason when it cannot finish',
    ['SIGTERM', 5, 'cannot finish'],
    ['announces SIGTERM', 'finishes', 'exits 1: a model does not close'],
  ],
  ['goes on waiting at a SIGINT after SIGTERM', ['SIGTERM', 'SIGINT', 4], ['announces SIGTERM']],
  ['exits at the next one', ['SIGTERM', 'SIGINT', 'SIGINT'], ['announces SIGTERM', 'exits 130']],
  ['exits at a second SIGINT', ['SIGINT', 'SIGINT'], ['announces SIGINT', 'finishes', 'exits 130']],
  ['goes on finishing at a SIGTERM after SIGINT', ['SIGINT', 'SIGTERM', 24], ['announces SIGINT', 'finishes']],
  ['exits at the end of its grace, answered or not', ['SIGTERM', 5, 25], ['announces SIGTERM', 'finishes', 'exits 1']],
  ['counts its grace from the signal, delay included', ['SIGTERM', 5, 24], ['announces SIGTERM', 'finishes']],
];

for (const [does, steps, happens] of cases) {
  test(`a program ${does}`, async () => {
    const program = aProgram();
    for (const step of steps) await program.do(step);
    assert.deepEqual(program.happened, happens);
  });
}

test('a program listens once to each signal, however long it runs', async () => {
  const program = aProgram();
  await program.do('SIGTERM');
  await program.do('SIGINT');
  assert.deepEqual(
    (['SIGTERM', 'SIGINT'] as const).map((signal) => program.signals.listenerCount(signal)),
    [1, 1],
  );
});

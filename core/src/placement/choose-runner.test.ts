import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseRunner, firstRunner, type RunnerKind, threadsPerRun } from './choose-runner.ts';

const MIB = 1024 * 1024;

const firsts: ReadonlyArray<readonly [does: string, fileBytes: number, expected: RunnerKind]> = [
  ['a small model is loaded inline', 794, 'inline'],
  ['a model of 16 MiB is loaded inline', 16 * MIB, 'inline'],
  ['a model of a byte more is loaded in a thread', 16 * MIB + 1, 'thread'],
];

for (const [does, fileBytes, expected] of firsts) {
  test(does, () => assert.equal(firstRunner(fileBytes), expected));
}

const choices: ReadonlyArray<readonly [does: string, first: RunnerKind, runMs: number, expected: RunnerKind]> = [
  ['an iris classifier of 0.02 ms stays inline', 'inline', 0.02, 'inline'],
  ['a model of 1 ms stays inline', 'inline', 1, 'inline'],
  ['a model of a little more goes to a thread', 'inline', 1.001, 'thread'],
  ['an image model of 5 ms goes to a thread', 'inline', 5, 'thread'],
  ['a large table model of 0.1 ms stays in its thread', 'thread', 0.1, 'thread'],
  ['a model whose runs all failed goes to a thread', 'inline', Number.POSITIVE_INFINITY, 'thread'],
];

for (const [does, first, runMs, expected] of choices) {
  test(does, () => assert.equal(chooseRunner(first, runMs), expected));
}

const threads: ReadonlyArray<readonly [does: string, RunnerKind, cpuLimit: number | undefined, expected: number]> = [
  ['half a core is one thread', 'thread', 0.5, 1],
  ['two cores are two threads', 'thread', 2, 2],
  ['three and a half cores are three threads', 'thread', 3.5, 3],
  ['no limit is one thread, for the cores are not ours', 'thread', undefined, 1],
  ['a run on the answering thread has only that', 'inline', 8, 1],
];

for (const [does, runner, cpuLimit, expected] of threads) {
  test(does, () => assert.equal(threadsPerRun(runner, cpuLimit), expected));
}

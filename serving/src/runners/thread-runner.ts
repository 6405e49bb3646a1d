import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ServingError, type ServingErrorCode, type Tensor } from '@berth/core/inference';
import type { OpenRunner, RunnerOptions } from './runner.ts';

/** What the worker is sent, and what it answers. */
export type ThreadRequest = { readonly kind: 'run'; readonly inputs: readonly Tensor[] } | { readonly kind: 'close' };
export type ThreadAnswer =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'notLoaded'; readonly message: string }
  | { readonly kind: 'outputs'; readonly outputs: readonly Tensor[] }
  | { readonly kind: 'failed'; readonly code: ServingErrorCode; readonly message: string };

type Waiting = { readonly resolve: (answer: ThreadAnswer) => void; readonly reject: (error: Error) => void };

// The bundle has the worker beside the main file, as JavaScript.
const WORKER = new URL(`./thread-worker${extname(import.meta.url)}`, import.meta.url);

/** Runs the model in a worker thread, so that a long run keeps neither health checks nor other models waiting. */
export const openThreadRunner: OpenRunner = async (options) => {
  const worker = new Worker(WORKER, { workerData: options satisfies RunnerOptions });
  // Answers come in the order of the questions, so whoever has waited longest is meant.
  const waiting: Waiting[] = [];
  let broken: ServingError | undefined;

  const breakAll = (reason: string): void => {
    broken ??= new ServingError('RunFailed', reason);
    for (const { reject } of waiting.splice(0)) reject(broken);
  };
  worker.on('message', (answer: ThreadAnswer) => waiting.shift()?.resolve(answer));
  worker.on('error', (error) => breakAll(`the model's thread failed: ${(error as Error).message}`));
  worker.on('exit', (code) =>
    breakAll(code === 0 ? 'the model has been closed' : `the model's thread ended (${code})`),
  );

  const answer = (): Promise<ThreadAnswer> =>
    new Promise((resolve, reject) => {
      if (broken === undefined) waiting.push({ resolve, reject });
      else reject(broken);
    });

  const loaded = await answer();
  if (loaded.kind === 'notLoaded') {
    await worker.terminate();
    throw new Error(loaded.message);
  }
  let isClosed = false;
  return {
    kind: 'thread',
    failure: () => (isClosed ? undefined : broken?.message),
    run: async (inputs) => {
      if (isClosed) throw new ServingError('RunFailed', 'the model has been closed');
      worker.postMessage({ kind: 'run', inputs } satisfies ThreadRequest);
      const result = await answer();
      if (result.kind === 'outputs') return result.outputs;
      if (result.kind === 'failed') throw new ServingError(result.code, result.message);
      throw new ServingError('RunFailed', `the model's thread answered "${result.kind}" to a run`);
    },
    close: () => {
      if (isClosed || broken !== undefined) return Promise.resolve();
      isClosed = true;
      return new Promise((resolve) => {
        worker.once('exit', () => resolve());
        worker.postMessage({ kind: 'close' } satisfies ThreadRequest);
      });
    },
  };
};

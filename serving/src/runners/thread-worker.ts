import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { ServingError } from '@berth/core/inference';
import { type OnnxSession, openSession } from './onnx-session.ts';
import type { RunnerOptions } from './runner.ts';
import type { ThreadAnswer, ThreadRequest } from './thread-runner.ts';

// The entry point of the thread runner's worker: loads the model, then runs what comes, one after the other.
const port = parentPort as MessagePort;

const say = (answer: ThreadAnswer, transfer: ArrayBuffer[] = []): void => port.postMessage(answer, transfer);

try {
  await answerRuns(await openSession(workerData as RunnerOptions));
} catch (error) {
  say({ kind: 'notLoaded', message: (error as Error).message });
}

async function answerRuns(session: OnnxSession): Promise<void> {
  let last = Promise.resolve();
  port.on('message', (request: ThreadRequest) => {
    last = last.then(() => (request.kind === 'run' ? run(session, request.inputs) : close(session)));
  });
  say({ kind: 'loaded' });
}

async function run(session: OnnxSession, inputs: Extract<ThreadRequest, { kind: 'run' }>['inputs']): Promise<void> {
  try {
    const outputs = await session.run(inputs);
    say({ kind: 'outputs', outputs });
  } catch (error) {
    const { code, message } = error instanceof ServingError ? error : new ServingError('RunFailed', String(error));
    say({ kind: 'failed', code, message });
  }
}

async function close(session: OnnxSession): Promise<void> {
  await session.release();
  port.close();
}

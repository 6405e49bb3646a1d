import { ServingError } from '@berth/core/inference';
import { openSession } from './onnx-session.ts';
import type { OpenRunner } from './runner.ts';

/** Runs the model on the thread that answers requests: no hand-off, but nothing else happens meanwhile. */
export const openInlineRunner: OpenRunner = async (options) => {
  const session = await openSession(options);
  let isClosed = false;
  let last: Promise<unknown> = Promise.resolve();
  return {
    kind: 'inline',
    run: (inputs) => {
      if (isClosed) return Promise.reject(new ServingError('RunFailed', 'the model has been closed'));
      const result = session.run(inputs);
      last = result.catch(() => undefined);
      return result;
    },
    failure: () => undefined,
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await last;
      await session.release();
    },
  };
};

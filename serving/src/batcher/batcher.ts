import { type Batchable, batchable, batchLength, mergeRows, sliceRows, splitOutputs } from '@berth/core/batching';
import { dataBytes, ServingError, type Signature, type Tensor } from '@berth/core/inference';
import type { Runner } from '../runners/runner.ts';

export type QueueLimits = { readonly requests: number; readonly bytes: number };

export type BatcherOptions = {
  readonly runner: Runner;
  readonly signature: Signature;
  /** Rows in one run at the most; 1 runs every request alone. */
  readonly maxRows: number;
  /** Read at every request, so that they can change. */
  readonly limits: () => QueueLimits;
  readonly now: () => number;
  /** Told of every run that has ended: its rows and its time. */
  readonly ran: (rows: number, durationMs: number) => void;
};

export type Submission = {
  readonly inputs: readonly Tensor[];
  /** On the clock of `now`; past it the request is answered with `DeadlineExceeded` and not computed. */
  readonly deadline: number;
  readonly hasLeft: () => boolean;
};

type Waiting = Batchable & Submission & { readonly bytes: number; readonly settle: Settle };
type Settle = (result: readonly Tensor[] | ServingError) => void;

/** How often waiting requests are looked at for deadlines while a run takes long. */
const SWEEP_MS = 50;

/**
 * Decides when a model's requests run. It never waits: a request runs at the end of the event-loop turn in which it
 * came, together with all others of that turn; what comes while the model runs forms the next batch.
 *
 * A request belongs to the batcher from `submit` until its promise settles, which it always does.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #running: readonly Waiting[] = [];
  #runningSince: number | undefined;
  #isScheduled = false;
  #isRunning = false;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  get waitingRequests(): number {
    return this.#waiting.length;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Why nothing can run any more. */
  failure(): string | undefined {
    return this.#options.runner.failure();
  }

  /** Milliseconds since the run under way began; 0 between runs. */
  runningForMs(): number {
    return this.#runningSince === undefined ? 0 : this.#options.now() - this.#runningSince;
  }

  /**
   * Takes a request into the queue and resolves with its outputs.
   *
   * @throws ServingError `QueueFull`, at once; `DeadlineExceeded`, `ClientLeft`; `TensorInvalid` for inputs with
   * different numbers of rows; and what {@link Runner.run} throws
   */
  async submit(submission: Submission): Promise<readonly Tensor[]> {
    const { signature, maxRows, limits } = this.#options;
    const { inputs } = submission;
    const { rows, batchKey } = maxRows > 1 ? batchable(signature, inputs) : { rows: 1, batchKey: undefined };
    let bytes = 0;
    for (const { datatype, data } of inputs) bytes += dataBytes(datatype, data);
    const limit = limits();
    if (bytes > limit.bytes) {
      throw new ServingError(
        'BodyTooLarge',
        `the request's tensors have ${bytes} bytes, more than may wait for the model at all (${limit.bytes}, maxQueueBytes)`,
      );
    }
    if (this.#waiting.length >= limit.requests || this.#waitingBytes + bytes > limit.bytes) {
      throw new ServingError(
        'QueueFull',
        `the model has ${this.#waiting.length} request(s) of ${this.#waitingBytes} bytes waiting, of at most ` +
          `${limit.requests} and ${limit.bytes}: try again later`,
      );
    }
    return new Promise((resolve, reject) => {
      const settle: Settle = (result) => (result instanceof ServingError ? reject(result) : resolve(result));
      this.#waiting.push({ ...submission, rows, batchKey, bytes, settle });
      this.#waitingBytes += bytes;
      this.#schedule();
    });
  }

  #schedule(): void {
    this.#sweep ??= setInterval(() => this.#sweepLate(), SWEEP_MS).unref();
    if (this.#isScheduled || this.#isRunning) return;
    this.#isScheduled = true;
    setImmediate(() => void this.#runAll());
  }

  async #runAll(): Promise<void> {
    this.#isScheduled = false;
    this.#isRunning = true;
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      this.#running = batch;
      await this.#answer(batch);
      this.#running = [];
    }
    this.#isRunning = false;
  }

  #take(): readonly Waiting[] {
    this.#dropLate();
    const batch = this.#waiting.splice(0, batchLength(this.#waiting, this.#options.maxRows));
    for (const { bytes } of batch) this.#waitingBytes -= bytes;
    return batch;
  }

  async #answer(batch: readonly Waiting[]): Promise<void> {
    try {
      const parts = await this.#run(batch);
      for (let at = 0; at < batch.length; at++) (batch[at] as Waiting).settle(parts[at] as readonly Tensor[]);
    } catch (error) {
      if (batch.length > 1) {
        // One request may have spoilt it for the others: each gets its own answer.
        for (const request of batch) {
          const dropped = whyDropped(request, this.#options.now());
          if (dropped === undefined) await this.#answer([request]);
          else request.settle(dropped);
        }
      } else {
        batch[0]?.settle(error instanceof ServingError ? error : new ServingError('RunFailed', String(error)));
      }
    }
  }

  async #run(batch: readonly Waiting[]): Promise<readonly (readonly Tensor[])[]> {
    const { maxRows } = this.#options;
    const [only] = batch as readonly [Waiting];
    if (batch.length === 1 && only.batchKey !== undefined && only.rows > maxRows)
      return [await this.#runInPieces(only)];
    const outputs = await this.#runOnce(mergeRows(batch.map(({ inputs }) => inputs)), rowsOf(batch));
    if (batch.length === 1) return [outputs];
    const parts = splitOutputs(
      outputs,
      batch.map(({ rows }) => rows),
    );
    if (parts === undefined) throw new ServingError('RunFailed', 'the outputs do not have one row per input row');
    return parts;
  }

  /** A request with more rows than one run takes: its rows are independent, and between two runs others get a turn. */
  async #runInPieces(request: Waiting): Promise<readonly Tensor[]> {
    const { maxRows, now } = this.#options;
    const pieces: (readonly Tensor[])[] = [];
    for (let from = 0; from < request.rows; from += maxRows) {
      const dropped = whyDropped(request, now());
      if (dropped !== undefined) throw dropped;
      const rows = Math.min(maxRows, request.rows - from);
      const outputs = await this.#runOnce(sliceRows(request.inputs, from, from + rows), rows);
      // Where the size of an answer depends on the rows beside it, pieces do not fit together.
      if (!fitTogether(outputs, pieces[0] ?? outputs, rows)) return this.#runOnce(request.inputs, request.rows);
      pieces.push(outputs);
    }
    return mergeRows(pieces);
  }

  async #runOnce(inputs: readonly Tensor[], rows: number): Promise<readonly Tensor[]> {
    const { now, runner, ran } = this.#options;
    const started = now();
    this.#runningSince = started;
    try {
      return await runner.run(inputs);
    } finally {
      this.#runningSince = undefined;
      ran(rows, now() - started);
    }
  }

  /** Answers the late ones while a run takes long, those in that run included: their clients have given up. */
  #sweepLate(): void {
    if (this.#waiting.length === 0 && this.#running.length === 0) {
      clearInterval(this.#sweep);
      this.#sweep = undefined;
      return;
    }
    this.#dropLate();
    const now = this.#options.now();
    for (const request of this.#running) {
      const reason = whyDropped(request, now);
      if (reason !== undefined) request.settle(reason);
    }
  }

  #dropLate(): void {
    const now = this.#options.now();
    if (this.#waiting.every((request) => whyDropped(request, now) === undefined)) return;
    this.#waiting = this.#waiting.filter((request) => {
      const reason = whyDropped(request, now);
      if (reason === undefined) return true;
      this.#waitingBytes -= request.bytes;
      request.settle(reason);
      return false;
    });
  }
}

function fitTogether(outputs: readonly Tensor[], others: readonly Tensor[], rows: number): boolean {
  const restOf = (tensor: Tensor | undefined) => tensor?.shape.slice(1).join();
  return outputs.every((output, at) => output.shape[0] === rows && restOf(output) === restOf(others[at]));
}

function rowsOf(batch: readonly Waiting[]): number {
  let rows = 0;
  for (const request of batch) rows += request.rows;
  return rows;
}

function whyDropped({ deadline, hasLeft }: Submission, now: number): ServingError | undefined {
  if (hasLeft()) return new ServingError('ClientLeft', 'the client closed the connection');
  return now > deadline
    ? new ServingError('DeadlineExceeded', 'the deadline of the request passed before it was computed')
    : undefined;
}

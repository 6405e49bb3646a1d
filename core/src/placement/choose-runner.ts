/** Where a model runs: on the thread that answers requests, or on a worker of its own. */
export type RunnerKind = 'inline' | 'thread';

/** A model file up to this size is loaded on the answering thread first: that holds it up for some tens of ms. */
const INLINE_LOAD_BYTES = 16 * 1024 * 1024;

/** A run up to this long may hold up the answering thread; a hand-off to a worker would cost a tenth of it or more. */
const INLINE_RUN_MS = 1;

/**
 * Where to load a model whose speed is not known yet.
 *
 * | weights    | place  | why                                                        |
 * | up to 16 MiB | inline | most such models stay there, and a worker costs 25 ms and 10 MB |
 * | more       | thread | loading would keep health checks waiting                   |
 */
export function firstRunner(fileBytes: number): RunnerKind {
  return fileBytes <= INLINE_LOAD_BYTES ? 'inline' : 'thread';
}

/**
 * Where a model stays, once a run of its example, which may have several rows, was timed. Worked examples: an iris
 * classifier of 0.02 ms stays inline;
 * an image model of 5 ms goes to a thread, so that health checks and other models never wait for it; a large table
 * model of 0.1 ms that was loaded in a thread stays there, since moving it would mean loading it twice.
 */
export function chooseRunner(first: RunnerKind, runMs: number): RunnerKind {
  return first === 'inline' && runMs <= INLINE_RUN_MS ? 'inline' : 'thread';
}

/**
 * Threads that one run may use. A run on the answering thread uses only that; a worker's run may use every core that
 * the container is allowed. `cpuLimit` is in cores, `undefined` where there is no limit: then one, since the host's
 * cores are not ours. Worked examples: limit 0.5 → 1; limit 2 → 2; limit 3.5 → 3; none → 1.
 */
export function threadsPerRun(runner: RunnerKind, cpuLimit: number | undefined): number {
  return runner === 'inline' || cpuLimit === undefined ? 1 : Math.max(1, Math.floor(cpuLimit));
}

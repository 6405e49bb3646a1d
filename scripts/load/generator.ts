import { Agent, request } from 'node:http';

// Alone in its file and without dependencies, so that it runs in a pod with nothing but Node.

/** What to send. The loop is open: requests leave at the rate, however slow the answers are. */
export type Load = {
  readonly url: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Requests a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Whether requests share connections, as most clients do, or open one each; `mixed` takes turns. */
  readonly connections: 'keep-alive' | 'new' | 'mixed';
};

/** What became of the requests that were due in a second. */
export type Second = {
  /** Since the start, beginning with 0. */
  readonly second: number;
  readonly sent: number;
  /** Requests that got no whole answer with status 200, by what happened instead. */
  readonly failed: Readonly<Record<string, number>>;
  /** Of the answered ones, in ms since they were due, so that a late start counts as well. */
  readonly latencies: readonly number[];
};

const TIMEOUT_MS = 10_000;

/** Sends the load and tells of each second once all its requests are over. Ends early when the signal says so. */
export async function sendLoad(load: Load, tell: (second: Second) => void, signal?: AbortSignal): Promise<void> {
  const agent = new Agent({ keepAlive: true, scheduling: 'lifo', maxFreeSockets: 1024 });
  const start = performance.now();
  const pending: Promise<Second>[] = [];
  let told = Promise.resolve();
  for (let second = 0; second < load.seconds && !signal?.aborted; second++) {
    const results: Promise<string | number>[] = [];
    for (let index = 0; index < load.rate; index++) {
      const due = start + (second + index / load.rate) * 1000;
      const early = due - performance.now();
      if (early > 0.5) await new Promise((resolve) => setTimeout(resolve, early));
      if (signal?.aborted) break;
      const isShared = load.connections === 'keep-alive' || (load.connections === 'mixed' && index % 2 === 0);
      results.push(sendOne(load, isShared ? agent : false, due));
    }
    const over = Promise.all(results).then((outcomes) => summarize(second, outcomes));
    pending.push(over);
    told = told.then(async () => tell(await over));
  }
  await Promise.all(pending);
  await told;
  agent.destroy();
}

function summarize(second: number, outcomes: readonly (string | number)[]): Second {
  const failed: Record<string, number> = {};
  const latencies: number[] = [];
  for (const outcome of outcomes) {
    if (typeof outcome === 'number') latencies.push(outcome);
    else failed[outcome] = (failed[outcome] ?? 0) + 1;
  }
  return { second, sent: outcomes.length, failed, latencies };
}

/** The latency of an answer, or what came instead. */
function sendOne(load: Load, agent: Agent | false, due: number): Promise<string | number> {
  return new Promise((resolve) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(load.body),
      connection: agent ? 'keep-alive' : 'close',
      ...load.headers,
    };
    const outgoing = request(load.url, { method: 'POST', agent, headers }, (incoming) => {
      const status = incoming.statusCode ?? 0;
      let refusal = '';
      incoming.on('data', (chunk: Buffer) => {
        // What is wrong with the request is worth reading; that a server is busy need not be said in its words.
        if (status >= 400 && status < 500) refusal = (refusal + chunk).slice(0, 200);
      });
      incoming.on('close', () => {
        if (!incoming.complete) resolve('the answer broke off');
        else if (status !== 200) resolve(`status ${status} ${refusal}`.trim());
        else resolve(Math.round((performance.now() - due) * 100) / 100);
      });
    });
    outgoing.setTimeout(TIMEOUT_MS, () => outgoing.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    outgoing.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    outgoing.end(load.body);
  });
}

// In a pod: the load is the argument, and each second is a line of JSON.
if (import.meta.main) {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  const key = process.env.BERTH_API_KEY;
  const load: Load = JSON.parse(process.argv[2] ?? '');
  const headers = { ...load.headers, ...(key ? { authorization: `Bearer ${key}` } : {}) };
  await sendLoad({ ...load, headers }, (second) => console.log(JSON.stringify(second)), stop.signal);
}

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

// Measures the bundled server beside a fixed-reply node:http server, in turn, on one core; wrk loads from the other.
// Figures are per request; read the ratio to the floor and the CPU time first, since a machine's speed drifts.
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 4);
const CONNECTIONS = 64;
const SERVER_CORE = '0';
const LOAD_CORE = '1';

const top = join(import.meta.dirname, '../..');
const node = process.execPath;

const ROW = '{"inputs":[{"name":"input","shape":[1,4],"datatype":"FP32","data":[5.1,3.5,1.4,0.2]}]}';
type Target = {
  readonly name: string;
  readonly port: number;
  readonly path: string;
  readonly body: string;
  pid: number;
};
type Figures = { perSecond: number; p50: number; p99: number; cpuMicros: number; failed: number; residentMb: number };

requireTool('wrk', ['-v']);
requireTool('taskset', ['--version']);
execFileSync(node, [join(top, 'scripts/build.ts')], { cwd: top, stdio: 'inherit' });

const digit = JSON.stringify([
  0, 0, 8, 16, 10, 2, 0, 0, 0, 0, 12, 13, 14, 11, 0, 0, 0, 0, 10, 13, 8, 16, 2, 0, 0, 0, 4, 15, 15, 16, 8, 0, 0, 0, 0,
  3, 8, 11, 13, 0, 0, 0, 0, 0, 0, 5, 16, 4, 0, 0, 1, 2, 2, 7, 16, 5, 0, 0, 3, 14, 16, 16, 11, 1,
]);
const answer =
  '{"model_name":"iris","model_version":"1","id":"b52d5b9f-1","outputs":[{"name":"label","datatype":"INT64","shape":[1],"data":[0]},{"name":"probabilities","datatype":"FP32","shape":[1,3],"data":[0.9780970811843872,0.021901998668909073,8.781009341873869e-7]}]}';

const folders: string[] = [];
const floor = pinned([join(top, 'test/bench/floor.ts'), answer, '18100']);
const iris = serve('iris', 18101);
const digits = serve('digits', 18103);
const children = [floor, iris, digits];
try {
  await Promise.all([firstPrediction(18101, performance.now()), firstPrediction(18103, performance.now())]);
  const targets: Target[] = [
    { name: 'floor: node:http, fixed reply', port: 18100, path: '/', body: ROW, pid: pidOf(floor) },
    {
      name: 'iris, POST /v2/models/iris/infer',
      port: 18101,
      path: '/v2/models/iris/infer',
      body: ROW,
      pid: pidOf(iris),
    },
    { name: 'iris, POST /predict', port: 18101, path: '/predict', body: '[5.1,3.5,1.4,0.2]', pid: pidOf(iris) },
    { name: 'digits (64 numbers), POST /predict', port: 18103, path: '/predict', body: digit, pid: pidOf(digits) },
  ];
  for (const target of targets) load(target, 2);
  const rounds = targets.map(() => [] as Figures[]);
  for (let round = 0; round < ROUNDS; round++) {
    for (let at = 0; at < targets.length; at++) rounds[at]?.push(load(targets[at] as Target, SECONDS));
  }
  report(targets, rounds);
  for (const child of children) child.kill('SIGKILL');
  const times = await starts();
  console.log(
    `\nStart of the process to the first prediction (iris, bundled), ${times.length} times in order: ${times.map((ms) => ms.toFixed(0)).join(', ')} ms`,
  );
} finally {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true });
}

/** The server as the image runs it, with one example model, on this port and the next. */
function serve(model: string, port: number): ChildProcess {
  const folder = mkdtempSync(join(tmpdir(), 'berth-bench-'));
  folders.push(folder);
  cpSync(join(top, 'examples/models', model), join(folder, model), { recursive: true });
  return pinned([
    '--max-semi-space-size=4',
    join(top, 'dist/berth.js'),
    'serve',
    folder,
    '--http-port',
    String(port),
    '--metrics-port',
    String(port + 1),
    '--log-level',
    'warn',
  ]);
}

function pidOf(child: ChildProcess): number {
  return child.pid as number;
}

function pinned(args: readonly string[]): ChildProcess {
  return spawn('taskset', ['-c', SERVER_CORE, node, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** One run of wrk against a target. CPU time is the server process's own, all threads. */
function load({ port, path, body, pid }: Target, seconds: number): Figures {
  const before = cpuMicros(pid);
  const script = join(top, 'test/bench/post.lua');
  const text = execFileSync(
    'taskset',
    [
      '-c',
      LOAD_CORE,
      'wrk',
      '-t1',
      `-c${CONNECTIONS}`,
      `-d${seconds}s`,
      '-s',
      script,
      `http://127.0.0.1:${port}${path}`,
    ],
    { env: { ...process.env, BENCH_BODY: body }, encoding: 'utf8' },
  );
  const used = cpuMicros(pid) - before;
  const [, line] = /^RESULT (.*)$/m.exec(text) ?? [];
  const { requests, failed, duration, p50, p99 } = JSON.parse(line as string);
  return {
    perSecond: requests / (duration / 1e6),
    p50: p50 / 1000,
    p99: p99 / 1000,
    cpuMicros: used / requests,
    failed,
    residentMb: residentMb(pid),
  };
}

function report(targets: readonly Target[], rounds: readonly Figures[][]): void {
  const columns = ['', 'req/s', 'of floor', 'CPU µs/req', 'p50 ms', 'p99 ms', 'resident MB', 'failed'];
  const rows = targets.map(({ name }, at) => {
    const own = rounds[at] as Figures[];
    const ratio = median(own.map(({ perSecond }, round) => perSecond / (rounds[0]?.[round]?.perSecond as number)));
    const of = (read: (figures: Figures) => number) => median(own.map(read));
    return [
      name,
      of((f) => f.perSecond).toFixed(0),
      ratio.toFixed(2),
      of((f) => f.cpuMicros).toFixed(1),
      of((f) => f.p50).toFixed(2),
      of((f) => f.p99).toFixed(2),
      of((f) => f.residentMb).toFixed(0),
      String(own.reduce((total, { failed }) => total + failed, 0)),
    ];
  });
  console.log(
    `\n${CONNECTIONS} connections, closed loop, ${ROUNDS} rounds of ${SECONDS} s in turn, medians; Node ${process.versions.node}\n`,
  );
  for (const row of [columns, columns.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`);
}

/** Starts iris alone several times, each from spawn to the first prediction. */
async function starts(): Promise<number[]> {
  const times: number[] = [];
  for (let start = 0; start < 7; start++) {
    const began = performance.now();
    const child = serve('iris', 18105);
    children.push(child);
    times.push(await firstPrediction(18105, began));
    child.kill('SIGKILL');
    await sleep(100);
  }
  return times.sort((a, b) => a - b);
}

async function firstPrediction(port: number, began: number): Promise<number> {
  for (;;) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/predict`);
      await response.arrayBuffer();
      if (response.ok) return performance.now() - began;
    } catch {
      // Not listening yet.
    }
    if (performance.now() - began > 10_000) throw new Error('the server did not answer within 10 s');
    await sleep(2);
  }
}

function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') as string[];
  // utime and stime, in ticks of 10 ms (USER_HZ).
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function residentMb(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

function requireTool(name: string, args: readonly string[]): void {
  try {
    execFileSync(name, args, { stdio: 'ignore' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return;
    console.error(`npm run bench needs ${name} (Debian: apt-get install wrk util-linux)`);
    process.exit(2);
  }
}

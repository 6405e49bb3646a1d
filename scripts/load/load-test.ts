import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { sendLoad } from './generator.ts';
import { makeLoadPod, runInCluster, watchPods } from './in-cluster.ts';
import { drawPicture, failuresOf, HEADER, type Row, rowOf, summaryOf } from './report.ts';

const USAGE = `Sends POST /predict at a steady rate, from a pod beside the servers, and shows every 5 s what became of the requests,
how long answers took, and how many pods there were. The rate does not wait for slow answers. A key in BERTH_API_KEY is
sent along. Ctrl-C ends the load early; what was sent is still reported.

  scripts/load-test --rate 300 --rows 700 --picture load.svg
  scripts/load-test --url http://localhost:8000/predict

  --url URL            send from here to this address instead
  --rate 300           requests a second
  --duration 60        seconds
  --body JSON          a row, or anything that /predict takes; without it a flower
  --rows 1             send the row so many times in each request: more work for the servers
  --connections KIND   keep-alive, new (one for each request) or mixed; without it mixed
  --picture FILE       draw the load as an SVG picture
  --dry-run            only says what it would make in the cluster
  -n, --namespace NS   where the servers are; without it that of the context
  --context NAME       the kubectl context; without it the current one
  -h, --help           this text

Exit codes: 0 done, 1 failed, 2 wrong usage. A request that was not answered with 200 is a failure.`;

const KINDS = ['keep-alive', 'new', 'mixed'] as const;
const POSITIVE = /^[1-9]\d*$/;

const options = readOptions();
const load = {
  url: options.url ?? 'http://model-serving/predict',
  body: options.rows === 1 ? options.body : `[${Array(options.rows).fill(options.body).join()}]`,
  rate: options.rate,
  seconds: options.duration,
  connections: options.connections,
};
const kubectl = [
  ...(options.context ? ['--context', options.context] : []),
  ...(options.namespace ? ['--namespace', options.namespace] : []),
];
const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());

try {
  if (options.dryRun) printPlan();
  else await run();
} catch (error) {
  console.error(`load-test: ${(error as Error).message}`);
  process.exitCode = 1;
}

function printPlan(): void {
  const { rate, seconds, connections } = load;
  console.log(`${rate} requests a second for ${seconds} s to ${load.url}, connections: ${connections}`);
  if (options.url === undefined) console.log(JSON.stringify(makeLoadPod(load, 'the image of the servers'), null, 2));
}

async function run(): Promise<void> {
  const rows: Row[] = [];
  const pods = options.url === undefined ? watchPods(kubectl) : undefined;
  console.log(`${load.rate} requests a second for ${load.seconds} s to ${load.url}`);
  console.log(HEADER);
  const tell = (second: Row) => {
    rows.push({ ...second, pods: pods?.now() });
    if (rows.length % 5 === 0) console.log(rowOf(rows.slice(-5)));
  };
  try {
    if (options.url === undefined) await runInCluster(load, kubectl, tell, stop.signal);
    else await sendLoad({ ...load, ...authorization() }, tell, stop.signal);
  } finally {
    pods?.end();
  }
  if (rows.length % 5 !== 0) console.log(rowOf(rows.slice(-(rows.length % 5))));
  const { sent, answered, failed, p50, p99, max } = summaryOf(rows);
  console.log(`\n${sent} sent, ${answered} answered, ${failed} failed${failed > 0 ? `: ${failuresOf(rows)}` : ''}`);
  if (answered > 0) console.log(`half within ${p50} ms, 99 % within ${p99} ms, the slowest ${max} ms`);
  if (options.picture) {
    writeFileSync(options.picture, drawPicture(`${load.rate} requests a second to ${load.url}`, rows));
    console.log(`picture: ${options.picture}`);
  }
  if (failed > 0 || sent === 0) process.exitCode = 1;
}

function authorization(): { headers?: Record<string, string> } {
  const key = process.env.BERTH_API_KEY;
  return key ? { headers: { authorization: `Bearer ${key}` } } : {};
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        namespace: { type: 'string', short: 'n' },
        context: { type: 'string' },
        url: { type: 'string' },
        rate: { type: 'string', default: '300' },
        duration: { type: 'string', default: '60' },
        body: { type: 'string', default: '[5.1,3.5,1.4,0.2]' },
        rows: { type: 'string', default: '1' },
        connections: { type: 'string', default: 'mixed' },
        picture: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    for (const name of ['namespace', 'context', 'url', 'picture'] as const) {
      if (values[name] === '') throw new Error(`--${name} needs a value`);
    }
    return {
      ...values,
      dryRun: values['dry-run'],
      rate: positive('rate', values.rate),
      duration: positive('duration', values.duration.replace(/s$/, '')),
      rows: positive('rows', values.rows),
      connections: kindOf(values.connections),
    };
  } catch (error) {
    console.error(`load-test: ${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

function positive(name: string, text: string): number {
  if (!POSITIVE.test(text)) throw new Error(`--${name} is a whole number from 1 on, not ${JSON.stringify(text)}`);
  return Number(text);
}

function kindOf(text: string): (typeof KINDS)[number] {
  const kind = KINDS.find((known) => known === text);
  if (!kind) throw new Error(`--connections is one of ${KINDS.join(', ')}, not ${JSON.stringify(text)}`);
  return kind;
}

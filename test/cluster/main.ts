import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { KUBERNETES, type Minor } from './boot/binaries.ts';
import { HPA_TIMINGS, type HpaTimings } from './boot/start-programs.ts';
import { type Asked, bringUp, CLUSTER_VARIABLE, DEFAULT, takeDown, tellStatus } from './cluster.ts';
import { loadServerImages } from './server-images.ts';

const USAGE = `usage: npm run cluster:up | cluster:down | cluster:status | test:cluster  -- [options]

      --context NAME   a cluster that is there, by its kubectl context
      --minor MINOR    Kubernetes ${Object.keys(KUBERNETES).join(', ')} (${DEFAULT.minor})
      --nodes N        how many nodes (${DEFAULT.nodes})
      --hpa TIMINGS    ${Object.keys(HPA_TIMINGS).join(' or ')} (${DEFAULT.hpaTimings}): how often the autoscaler looks

test:cluster takes test files as well, to run only those, and --only WORDS, for the tests whose names have them.`;

try {
  const [command, ...rest] = process.argv.slice(2);
  const { asked, files, only } = readArguments(rest);
  if (command === 'up') console.log((await bringUp(asked, console.log)).description);
  else if (command === 'down') await takeDown(console.log);
  else if (command === 'status') process.exitCode = tellStatus(console.log) ? 0 : 1;
  else if (command === 'test') await test(asked, files, only);
  else throw new Error(USAGE);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

/** One file after the other: they share the machine's two cores, and look at what load does. */
async function test(asked: Asked, files: readonly string[], only?: string): Promise<void> {
  const cluster = await bringUp(asked, console.log);
  console.log(`on ${cluster.description}`);
  loadServerImages(cluster);
  const all = files.length > 0 ? files : [join(import.meta.dirname, '*.test.ts')];
  const environment = { ...process.env, [CLUSTER_VARIABLE]: JSON.stringify(cluster) };
  const pattern = only === undefined ? [] : [`--test-name-pattern=${only}`];
  const args = ['--test', '--test-concurrency=1', '--test-timeout=600000', ...pattern, ...all];
  const result = spawnSync(process.execPath, args, { env: environment, stdio: 'inherit' });
  process.exitCode = result.status ?? 1;
}

type Arguments = { readonly asked: Asked; readonly files: readonly string[]; readonly only: string | undefined };

function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      context: { type: 'string' },
      minor: { type: 'string', default: DEFAULT.minor },
      nodes: { type: 'string', default: String(DEFAULT.nodes) },
      hpa: { type: 'string', default: DEFAULT.hpaTimings },
      only: { type: 'string' },
    },
  });
  const { context, minor, hpa } = values;
  const nodes = Number(values.nodes);
  if (!isMinor(minor)) throw new Error(`--minor is one of ${Object.keys(KUBERNETES).join(', ')}, not ${minor}`);
  if (!isTimings(hpa)) throw new Error(`--hpa is one of ${Object.keys(HPA_TIMINGS).join(', ')}, not ${hpa}`);
  if (!(Number.isInteger(nodes) && nodes > 0 && nodes < 10)) throw new Error(`--nodes is 1 to 9, not ${values.nodes}`);
  return { asked: { context, minor, nodes, hpaTimings: hpa }, files: positionals, only: values.only };
}

function isMinor(text: string): text is Minor {
  return Object.hasOwn(KUBERNETES, text);
}

function isTimings(text: string): text is HpaTimings {
  return Object.hasOwn(HPA_TIMINGS, text);
}

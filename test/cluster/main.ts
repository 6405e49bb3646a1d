import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { binaries, KUBERNETES, type Minor } from './boot/binaries.ts';
import { HPA_TIMINGS, type HpaTimings } from './boot/start-programs.ts';
import { type Asked, bootsItself, bringUp, CLUSTER_VARIABLE, DEFAULT, takeDown, tellStatus } from './cluster.ts';
import { loadServerImages } from './server-images.ts';

const top = join(import.meta.dirname, '../..');

const USAGE = `usage: npm run cluster:build | cluster:up | cluster:down | cluster:status | test:cluster  -- [options]

      --context NAME   a cluster that is there, by its kubectl context
      --minor MINOR    Kubernetes ${Object.keys(KUBERNETES).join(', ')} (${DEFAULT.minor})
      --nodes N        how many nodes (${DEFAULT.nodes})
      --hpa TIMINGS    ${Object.keys(HPA_TIMINGS).join(' or ')} (${DEFAULT.hpaTimings}): how often the autoscaler looks

test:cluster takes test files as well, to run only those, and --only WORDS, for the tests whose names have them.`;

try {
  const [command, ...rest] = process.argv.slice(2);
  const { asked, files, only } = readArguments(rest);
  if (command === 'build') await binaries(asked.minor, console.log);
  else if (command === 'up') console.log((await bringUp(asked, console.log)).description);
  else if (command === 'down') await takeDown(console.log);
  else if (command === 'status') process.exitCode = tellStatus(console.log) ? 0 : 1;
  else if (command === 'test') await test(asked, files, only);
  else throw new Error(USAGE);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

/**
 * Two files at a time: most of what they do is to wait, and the machine that they are written for has two cores. Before a
 * run of all, a cluster of our own is booted, killed and taken down once, to see that nothing is left of it.
 */
async function test(asked: Asked, files: readonly string[], only?: string): Promise<void> {
  const isAll = files.length === 0 && only === undefined;
  const isBootFine = !isAll || !bootsItself(asked) || runTests(['test/cluster/boot/boot.test.ts']);
  const cluster = await bringUp(asked, console.log);
  console.log(`on ${cluster.description}`);
  loadServerImages(cluster);
  const pattern = only === undefined ? [] : [`--test-name-pattern=${only}`];
  const named = files.length > 0 ? files : ['test/cluster/*.test.ts'];
  const areFine = runTests([...pattern, ...named], { [CLUSTER_VARIABLE]: JSON.stringify(cluster) });
  process.exitCode = isBootFine && areFine ? 0 : 1;
}

function runTests(args: readonly string[], environment: NodeJS.ProcessEnv = {}): boolean {
  const options = ['--test', '--test-concurrency=2', '--test-timeout=900000'];
  const env = { ...process.env, ...environment };
  return spawnSync(process.execPath, [...options, ...args], { cwd: top, env, stdio: 'inherit' }).status === 0;
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

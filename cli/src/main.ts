#!/usr/bin/env node
import { parseFlags } from '@berth/chassis/config';
import packageJson from '../package.json' with { type: 'json' };
import { failUsage, type Terminal } from './terminal.ts';

const HELP = `berth serves machine-learning models, on a laptop and in a cluster, from the same files.

Usage: berth <command> [options]

Commands:
  serve [folder]       serve the models in a folder: REST on port 8000, metrics on 8002
  inspect <file>       show what an ONNX model takes and gives, and how to ask it
  keys new <name>      make an API key, and the line that lets it in

  berth <command> --help   the options of a command
  berth --version          this version
`;

const terminal: Terminal = {
  out: process.stdout,
  err: process.stderr,
  environment: process.env,
};

// Whoever read the output has gone (`| head`): that ends neither a server nor anything else.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

process.exitCode = await main(process.argv.slice(2));

// Commands are imported when they are called for: what a command does not need must not slow its start.
async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === 'serve') {
    const { serve } = await import('./commands/serve.ts');
    return serve(terminal, rest, packageJson.version);
  }
  if (command === 'inspect') {
    const { inspect } = await import('./commands/inspect.ts');
    return inspect(terminal, rest);
  }
  if (command === 'keys') {
    const { keys } = await import('./commands/keys.ts');
    return keys(terminal, rest);
  }
  const { switches } = parseFlags(args, ['help', 'version']);
  if (switches.has('version')) terminal.out.write(`${packageJson.version}\n`);
  else if (command === undefined || command === 'help' || switches.has('help')) terminal.out.write(HELP);
  else return failUsage(terminal, [`"${command}" is not a command`], 'berth --help');
  return 0;
}

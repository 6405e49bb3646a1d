import { randomBytes } from 'node:crypto';
import { parseFlags } from '@berth/chassis/config';
import { digestOf } from '@berth/chassis/keys';
import { EVERY_MODEL, isKeyName, isModelName, type KeyModels, keyLine, NAME_MEANS } from '@berth/core/keys';
import { curlLine } from '@berth/core/rows';
import { readOptions } from '../read-options.ts';
import { bold, EXIT, failUsage, type Terminal } from '../terminal.ts';

const HELP = `Make an API key, and the line that lets it in at a server.

Usage: berth keys new <name> [--models <names>] [-o json]

  The key is shown once and kept nowhere; the line has only its digest. The name is what logs call it; several keys may
  have the same, so that one can take the place of another.

Options:
  --models <names>
      The models that the key is for, with commas between them. Default: every model.
  -o, --output json|text   Default: text.

Exit codes: 0 done, 2 wrong options.
`;

const KEY_BYTES = 32;

/** `berth keys`. */
export function keys(terminal: Terminal, args: readonly string[]): number {
  const parsed = parseFlags(args, ['help']);
  if (parsed.switches.has('help')) {
    terminal.out.write(HELP);
    return EXIT.done;
  }
  const { asJson, wrong: wrongOptions } = readOptions(parsed, ['models']);
  const [verb, name = '', ...more] = parsed.positionals;
  const models = modelsOf(parsed.flags.models);
  const wrong = [
    ...wrongOptions,
    ...(verb === 'new' && name !== '' && more.length === 0 ? [] : ['expected "new" and one name']),
    ...(name === '' || isKeyName(name) ? [] : [`the name: expected ${NAME_MEANS}, found "${name}"`]),
    ...(models === undefined
      ? [`--models: expected names with commas between them, found "${parsed.flags.models}"`]
      : []),
  ];
  if (wrong.length > 0 || models === undefined) return failUsage(terminal, wrong, 'berth keys --help');

  const key = `berth_${randomBytes(KEY_BYTES).toString('base64url')}`;
  const made = { name, models, key, line: keyLine({ name, sha256: digestOf(key), models }) };
  terminal.out.write(asJson ? `${JSON.stringify(made, null, 2)}\n` : textOf(terminal, made));
  return EXIT.done;
}

function modelsOf(text: string | undefined): KeyModels | undefined {
  if (text === undefined || text === EVERY_MODEL) return EVERY_MODEL;
  const names = text.split(',').map((name) => name.trim());
  return names.every(isModelName) ? names : undefined;
}

type Made = { readonly name: string; readonly models: KeyModels; readonly key: string; readonly line: string };

function textOf(terminal: Terminal, { name, models, key, line }: Made): string {
  const whatFor = models === EVERY_MODEL ? 'every model' : models.join(', ');
  const path = models === EVERY_MODEL ? '/predict' : `/models/${encodeURIComponent(models[0] as string)}/predict`;
  return `A key "${name}" for ${whatFor}. This is the only time that it is shown:

  ${bold(terminal, key)}

Whoever has it sends it with each request:

  KEY=${key}
  ${curlLine(`http://localhost:8000${path}`, undefined, true)}

The server needs this line, in a file of its folder of keys (--keys or BERTH_KEYS; in the image /etc/berth/keys):

  ${bold(terminal, line)}

On Kubernetes the folder is a Secret; make it from the FILE with your lines:

  kubectl create secret generic model-serving-keys --from-file=keys=FILE
`;
}

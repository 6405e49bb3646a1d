import { readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseFlags } from '@berth/chassis/config';
import { shapeText, type TensorSpec } from '@berth/core/inference';
import { hasBatchDimension, type OnnxHeader, toSignature } from '@berth/core/onnx';
import { curlLine, makeExample } from '@berth/core/rows';
import { findExternalFiles, headerOf, LoadProblem, MODEL_FILE, sha256Of, VERSION } from '@berth/serving/model-file';
import { readOptions } from '../read-options.ts';
import { bold, EXIT, fail, failUsage, type Terminal } from '../terminal.ts';

const HELP = `Show what an ONNX model takes and gives, and how to ask it.

Usage: berth inspect <model.onnx> [-o json]

  Reads the file's header; the weights are only hashed, and nothing is run. Of a model's folder, the file of its latest
  version is taken.

Options:
  -o, --output json|text   Default: text.

Exit codes: 0 the file is a model that can be served, 1 it is not (and why), 2 wrong options.
`;

/** `berth inspect`. */
export async function inspect(terminal: Terminal, args: readonly string[]): Promise<number> {
  const parsed = parseFlags(args, ['help']);
  if (parsed.switches.has('help')) {
    terminal.out.write(HELP);
    return EXIT.done;
  }
  const { asJson, wrong: wrongOptions } = readOptions(parsed);
  const [file, ...more] = parsed.positionals;
  const wrong = [...wrongOptions, ...(file === undefined || more.length > 0 ? ['expected one ONNX file'] : [])];
  if (wrong.length > 0 || file === undefined) return failUsage(terminal, wrong, 'berth inspect --help');

  let report: Report;
  try {
    report = await reportOn(file);
  } catch (error) {
    const { code, message, path = file } = error as NodeJS.ErrnoException;
    if (error instanceof LoadProblem) return fail(terminal, message);
    return fail(terminal, code === 'ENOENT' ? `${path} is not there` : `${path} cannot be read: ${message}`);
  }
  terminal.out.write(asJson ? `${JSON.stringify(report, null, 2)}\n` : textOf(terminal, report));
  return report.problem === undefined ? EXIT.done : EXIT.failed;
}

type Report = Awaited<ReturnType<typeof reportOn>>;

async function reportOn(path: string) {
  const file = modelFileOf(path);
  const header = headerOf(file, file);
  const found = toSignature(header);
  const signature = found.ok ? found.signature : undefined;
  const problem = found.ok ? externalProblem(file, header) : found.problem;
  return {
    file,
    sizeBytes: statSync(file).size,
    sha256: await sha256Of(file),
    producer: header.producer,
    graph: header.graph,
    irVersion: header.irVersion,
    opsets: header.opsets,
    parameters: header.parameters,
    externalFiles: header.externalFiles,
    operators: header.operators,
    inputs: signature?.inputs.map(plain) ?? header.inputs,
    outputs: signature?.outputs.map(plain) ?? header.outputs,
    mayBatch: signature === undefined ? false : hasBatchDimension(signature),
    ...(signature !== undefined && {
      curl: curlLine(predictUrl(nameOf(file)), JSON.stringify(makeExample(signature))),
    }),
    ...(problem !== undefined && { problem }),
  };
}

/** Why the server would not find the weights that lie beside the model. */
function externalProblem(file: string, header: OnnxHeader): string | undefined {
  const real = realpathSync(file);
  try {
    findExternalFiles(dirname(real), real, header, file);
    return undefined;
  } catch (error) {
    if (error instanceof LoadProblem) return error.message;
    throw error;
  }
}

function plain({ name, datatype, shape, symbols }: TensorSpec) {
  return { name, datatype, shape, symbols: symbols.map((symbol) => symbol ?? null) };
}

/** The file that a path means: the path itself, or the latest version in a folder laid out as in a repository. */
function modelFileOf(path: string): string {
  if (!statSync(path).isDirectory()) return path;
  const versions = readdirSync(path).filter((name) => VERSION.test(name));
  const [latest = ''] = versions.sort((a, b) => Number(b) - Number(a));
  return join(path, latest, MODEL_FILE);
}

/** The model's name in a repository: the folder above its version, or what the file is called. */
function nameOf(file: string): string {
  if (basename(file) !== MODEL_FILE) return basename(file, '.onnx');
  const folder = dirname(resolve(file));
  return basename(VERSION.test(basename(folder)) ? dirname(folder) : folder) || 'model';
}

function predictUrl(model: string): string {
  return `http://localhost:8000/models/${encodeURIComponent(model)}/predict`;
}

function textOf(terminal: Terminal, report: Report): string {
  const line = (name: string, value: string) => `${bold(terminal, name.padEnd(12))}${printable(value)}\n`;
  const tensors = (name: string, values: Report['inputs']) =>
    values.map((value, at) => line(at === 0 ? name : '', tensorText(value))).join('');
  const opsets = Object.entries(report.opsets).map(([domain, version]) => `${domain} ${version}`);
  return [
    line('file', `${report.file} (${report.sizeBytes} bytes)`),
    line('sha256', report.sha256),
    line(
      'made by',
      [report.producer || 'unknown', report.graph && `graph "${report.graph}"`].filter(Boolean).join(', '),
    ),
    line('opsets', `${opsets.join(', ')} (IR version ${report.irVersion})`),
    line('parameters', String(report.parameters)),
    ...(report.externalFiles.length > 0 ? [line('external', report.externalFiles.join(', '))] : []),
    line('operators', report.operators.join(', ')),
    tensors('inputs', report.inputs),
    tensors('outputs', report.outputs),
    line(
      'batching',
      report.mayBatch ? 'possible: the first dimension is open everywhere' : 'no: requests run one by one',
    ),
    ...(report.problem === undefined ? [] : [line('problem', report.problem)]),
    ...(report.curl === undefined ? [] : [`\nTo ask it, once it is served:\n  ${printable(report.curl)}\n`]),
  ].join('');
}

/** Names come from a file that anybody may have made: none may give the terminal a command. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '\ufffd');
}

function tensorText(value: Report['inputs'][number]): string {
  if (!('datatype' in value)) return `${value.name}  ${value.type.kind === 'other' ? value.type.text : 'a tensor'}`;
  const dimensions = value.shape.map((size, at) => (size === -1 ? (value.symbols[at] ?? '?') : size));
  return `${value.name}  ${value.datatype} ${dimensions.some((size) => typeof size === 'string') ? `[${dimensions.join(',')}]` : shapeText(value.shape)}`;
}

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { aTerminal } from '../testing/a-terminal.ts';
import { inspect } from './inspect.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const iris = join(repository, 'examples/models/iris');
const odd = (name: string) => join(repository, 'test/models', name);
const folder = mkdtempSync(join(tmpdir(), 'berth-inspect-'));
after(() => rmSync(folder, { recursive: true }));

async function inspected(args: readonly string[], terminal: Parameters<typeof aTerminal>[0] = {}) {
  const fake = aTerminal(terminal);
  const code = await inspect(fake, args);
  return { code, ...fake.written() };
}

const IRIS = `file        ${iris}/1/model.onnx (794 bytes)
sha256      c66e12aa21162451d75d6a05e78c61486e074a694b3e5650b79007f37aef7028
made by     skl2onnx 1.20.0, graph "iris"
opsets      ai.onnx 17, ai.onnx.ml 1 (IR version 8)
parameters  0
operators   ai.onnx.ml.LinearClassifier, ai.onnx.ml.Normalizer, ai.onnx.ml.Scaler
inputs      input  FP32 [N,4]
outputs     label  INT64 [N]
            probabilities  FP32 [N,3]
batching    possible: the first dimension is open everywhere

To ask it, once it is served:
  curl http://localhost:8000/models/iris/predict -d '[0,0,0,0]'
`;

test('inspect shows what a model is, and how to ask it', async () => {
  assert.deepEqual(await inspected([join(iris, '1', 'model.onnx')]), { code: 0, out: IRIS, err: '' });
});

test('inspect takes the model of a folder', async () => {
  assert.deepEqual(await inspected([iris]), { code: 0, out: IRIS, err: '' });
});

test('inspect writes names in bold on a screen, and nothing else differs', async () => {
  const { out } = await inspected([iris], { isTTY: true });
  assert.ok(out.startsWith('\x1b[1mfile        \x1b[22m'));
  assert.equal(out.replaceAll('\x1b[1m', '').replaceAll('\x1b[22m', ''), IRIS);
  assert.equal((await inspected([iris], { isTTY: true, environment: { NO_COLOR: '1' } })).out, IRIS);
});

for (const args of [
  [iris, '-o', 'json'],
  ['--output=json', iris],
]) {
  test(`inspect with ${args.find((arg) => arg !== iris)} writes JSON`, async () => {
    const { code, out } = await inspected(args, { isTTY: true });
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(out), {
      file: `${iris}/1/model.onnx`,
      sizeBytes: 794,
      sha256: 'c66e12aa21162451d75d6a05e78c61486e074a694b3e5650b79007f37aef7028',
      producer: 'skl2onnx 1.20.0',
      graph: 'iris',
      irVersion: 8,
      opsets: { 'ai.onnx': 17, 'ai.onnx.ml': 1 },
      parameters: 0,
      externalFiles: [],
      operators: ['ai.onnx.ml.LinearClassifier', 'ai.onnx.ml.Normalizer', 'ai.onnx.ml.Scaler'],
      inputs: [{ name: 'input', datatype: 'FP32', shape: [-1, 4], symbols: ['N', null] }],
      outputs: [
        { name: 'label', datatype: 'INT64', shape: [-1], symbols: ['N'] },
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 3], symbols: ['N', null] },
      ],
      mayBatch: true,
      curl: "curl http://localhost:8000/models/iris/predict -d '[0,0,0,0]'",
    });
  });
}

const lines: ReadonlyArray<readonly [of: string, file: string, lines: readonly string[]]> = [
  [
    'several inputs',
    'two-inputs.onnx',
    [
      'inputs      a  FP32 [N,3]',
      '            b  INT64 [N,2]',
      `  curl http://localhost:8000/models/two-inputs/predict -d '{"inputs":{"a":[[0,0,0]],"b":[[0,0]]}}'`,
    ],
  ],
  ['a dimension without a name', 'no-names-batch.onnx', ['inputs      x  FP32 [?,2]']],
  ['a fixed batch', 'add-fixed-batch.onnx', ['batching    no: requests run one by one']],
  [
    'a scalar',
    'scalar.onnx',
    ['inputs      x  FP32 []', `  curl http://localhost:8000/models/scalar/predict -d '{"inputs":{"x":0}}'`],
  ],
  [
    'texts',
    'echo-string.onnx',
    ['inputs      x  BYTES [N,2]', `  curl http://localhost:8000/models/echo-string/predict -d '["text","text"]'`],
  ],
  ['external data', 'external-data.onnx', ['external    external-data.weights']],
];

for (const [of, file, expected] of lines) {
  test(`inspect tells of ${of}`, async () => {
    const { code, out } = await inspected([odd(file)]);
    assert.equal(code, 0);
    for (const line of expected) assert.ok(out.split('\n').includes(line), `expected the line ${line} in ${out}`);
  });
}

test('inspect tells what keeps a model from being served, and what it could still read', async () => {
  const { code, out, err } = await inspected([odd('zipmap.onnx')]);
  const problem =
    'output "output_probability" is a sequence of maps, which no inference protocol can carry ' +
    '(scikit-learn converters add ZipMap: export again with options={"zipmap": False})';
  assert.deepEqual([code, err], [1, '']);
  assert.ok(out.includes('            output_probability  a sequence of maps\n'));
  assert.ok(out.endsWith(`\nproblem     ${problem}\n`));
  const json = await inspected([odd('zipmap.onnx'), '-o', 'json']);
  assert.equal(json.code, 1);
  const report = JSON.parse(json.out);
  assert.deepEqual([report.problem, report.curl, report.mayBatch], [problem, undefined, false]);
});

test('inspect tells that the weights beside a model are missing', async () => {
  const alone = join(folder, 'alone.onnx');
  copyFileSync(odd('external-data.onnx'), alone);
  const { code, out } = await inspected([alone]);
  assert.equal(code, 1);
  assert.match(
    out,
    /\nproblem {5}\S+alone\.onnx: its weights are in the external file "external-data\.weights", which is not in its folder \(\.\); copy both together\n/,
  );
});

const unreadable: ReadonlyArray<readonly [what: string, path: string, message: RegExp]> = [
  ['a file that is not there', join(folder, 'no.onnx'), /^berth: \S+\/no\.onnx is not there\n$/],
  ['a folder without a model', join(repository, 'cli'), /^berth: \S+\/cli\/model\.onnx is not there\n$/],
  [
    'a path through a file',
    join(odd('empty.onnx'), 'x'),
    /^berth: \S+\/empty\.onnx\/x cannot be read: ENOTDIR[^\n]*\n$/,
  ],
  ['an empty file', odd('empty.onnx'), /^berth: \S+\/empty\.onnx: the file is empty\n$/],
  ['a file of text', odd('not-onnx.onnx'), /^berth: \S+\/not-onnx\.onnx: [^\n]+\n$/],
  ['half a file', odd('truncated.onnx'), /^berth: \S+\/truncated\.onnx: [^\n]+\n$/],
];

for (const [what, path, message] of unreadable) {
  test(`inspect exits 1 at ${what}, and says so`, async () => {
    const { code, out, err } = await inspected([path]);
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, message);
  });
}

const misused: ReadonlyArray<readonly [what: string, args: readonly string[], problems: readonly string[]]> = [
  ['no file', [], ['expected one ONNX file']],
  ['two files', [iris, iris], ['expected one ONNX file']],
  ['an unknown option', [iris, '--max-rows', '3'], ['--max-rows is not an option']],
  [
    'an unknown short option',
    [iris, '-x'],
    ['-x: expected one of the options that --help lists, found an unknown option'],
  ],
  ['another output', [iris, '-o', 'yaml'], ['--output: expected json or text, found "yaml"']],
  ['no output', [iris, '-o'], ['--output: expected a value after it, found nothing']],
  [
    'all of them',
    ['--a=1', '-o', 'b', '-o'],
    [
      '--output: expected a value after it, found nothing',
      '--a is not an option',
      '--output: expected json or text, found "b"',
      'expected one ONNX file',
    ],
  ],
];

for (const [what, args, problems] of misused) {
  test(`inspect exits 2 when it is given ${what}, and says so`, async () => {
    const err = `${problems.map((problem) => `berth: ${problem}\n`).join('')}See: berth inspect --help\n`;
    assert.deepEqual(await inspected(args), { code: 2, out: '', err });
  });
}

for (const flag of ['--help', '-h']) {
  test(`inspect ${flag} tells how it is used, whatever else is there`, async () => {
    const { code, out, err } = await inspected([flag, 'a', 'b', '--c=d']);
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /^Show what .*\n\nUsage: berth inspect /);
  });
}

/** Writes `path` below the test's folder: a model whose only input and output have this name. */
function aModel(path: string, name = 'x'): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, onnxIdentity(name));
  return file;
}

/** An `Identity` of FP32 [N, 2], in the protobuf of onnx.proto: the numbers are its fields. */
function onnxIdentity(name: string): Buffer {
  const bytes = (field: number, value: Buffer | string) => {
    const content = Buffer.from(value);
    assert.ok(content.length < 128);
    return Buffer.concat([Buffer.from([field * 8 + 2, content.length]), content]);
  };
  const number = (field: number, value: number) => Buffer.from([field * 8, value]);
  const shape = Buffer.concat([bytes(1, bytes(2, 'N')), bytes(1, number(1, 2))]);
  const type = bytes(1, Buffer.concat([number(1, 1), bytes(2, shape)]));
  const value = Buffer.concat([bytes(1, name), bytes(2, type)]);
  const node = Buffer.concat([bytes(1, name), bytes(2, name), bytes(4, 'Identity')]);
  const graph = Buffer.concat([bytes(1, node), bytes(2, 'g'), bytes(11, value), bytes(12, value)]);
  return Buffer.concat([number(1, 8), bytes(7, graph), bytes(8, number(2, 17))]);
}

const named: ReadonlyArray<readonly [does: string, path: string, name: string]> = [
  ['the folder of the model', 'flat/model.onnx', 'flat'],
  ['the folder above the version', 'many/3/model.onnx', 'many'],
  ['what the file is called', 'many/3/other.onnx', 'other'],
  ['no folder of version 0, which is none', 'many/0/model.onnx', '0'],
  ['a name that needs encoding', 'a b/model.onnx', 'a%20b'],
];

for (const [does, path, name] of named) {
  test(`inspect asks the model by ${does}`, async () => {
    const { out } = await inspected([aModel(path)]);
    assert.ok(out.endsWith(`\n  curl http://localhost:8000/models/${name}/predict -d '[0,0]'\n`), out);
  });
}

test('inspect takes the latest version of a folder, by number', async () => {
  for (const version of ['9', '10', '08', 'old']) aModel(`versions/${version}/model.onnx`);
  const { out } = await inspected([join(folder, 'versions')]);
  assert.ok(out.startsWith(`file        ${folder}/versions/10/model.onnx `));
});

test('inspect gives the terminal no commands that a file has in its names', async () => {
  const { out } = await inspected([aModel('evil.onnx', 'x\x1b[2J\n\x9b')]);
  assert.ok(out.includes('inputs      x\ufffd[2J\ufffd\ufffd  FP32 [N,2]\n'), out);
});

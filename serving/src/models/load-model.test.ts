import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type RepositoryFiles, startAssembled, type TestServer } from '../testing/assembled.ts';

async function withServer(files: RepositoryFiles, use: (server: TestServer) => Promise<void> | void): Promise<void> {
  const server = await startAssembled(files);
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}

const model = (file: string, settings?: string): RepositoryFiles => ({
  'm/1/model.onnx': { model: file },
  ...(settings !== undefined && { 'm/serving.yaml': settings }),
});

describe('a model that does not load says why', () => {
  const cases: ReadonlyArray<
    readonly [what: string, files: RepositoryFiles, reason: string, sentence: string | RegExp]
  > = [
    ['an empty file', model('empty.onnx'), 'FileInvalid', 'm/1/model.onnx: the file is empty'],
    ['a text file', model('not-onnx.onnx'), 'FileInvalid', /^m\/1\/model\.onnx: the file is not an ONNX model \(/],
    [
      'a truncated file',
      model('truncated.onnx'),
      'FileInvalid',
      /^m\/1\/model\.onnx: the file is cut off: it has 476 bytes and at least \d+ byte\(s\) are missing after byte 476; copy it again$/,
    ],
    [
      'an unknown operator',
      model('unknown-op.onnx'),
      'OperatorUnknown',
      'm/1/model.onnx: the operator "Frobnicate" does not exist in opset 17; export the model with standard ONNX operators',
    ],
    [
      'an operator of another domain',
      model('unknown-domain-op.onnx'),
      'OperatorUnknown',
      /the operator "com\.example\.Frobnicate" is not one of ONNX Runtime's/,
    ],
    [
      'an opset too new',
      model('opset-too-new.onnx'),
      'OpsetTooNew',
      'm/1/model.onnx: it uses opset 99, and ONNX Runtime here knows up to 26; export it for that',
    ],
    [
      'a format too new',
      model('ir-too-new.onnx'),
      'OpsetTooNew',
      /its format is IR version 99, and ONNX Runtime here knows up to 13/,
    ],
    [
      'missing external data',
      model('external-data.onnx'),
      'ExternalDataMissing',
      'm/1/model.onnx: its weights are in the external file "external-data.weights", which is not in its folder (m/1); copy both together',
    ],
    [
      'external data cut short',
      { ...model('external-data.onnx'), 'm/1/external-data.weights': 'short' },
      'ExternalDataMissing',
      /its external data is shorter than the model says/,
    ],
    [
      'external data outside the model’s folder',
      { ...model('external-data-escape.onnx'), 'm/outside.weights': 'x'.repeat(24) },
      'ExternalDataMissing',
      /its external data lies outside the model’s folder/,
    ],
    [
      'ZipMap’s output',
      model('zipmap.onnx'),
      'SignatureUnsupported',
      /output "output_probability" is a sequence of maps, which no inference protocol can carry \(.*options=\{"zipmap": False\}\)/,
    ],
    [
      'bfloat16',
      model('echo-bf16.onnx'),
      'RuntimeRefused',
      /ONNX Runtime refuses it \(opsets: ai\.onnx \d+\): Unsupported data type: 16/,
    ],
    [
      'a mistyped setting',
      model('echo-fp32.onnx', 'lables: [a, b]'),
      'SettingsInvalid',
      'm/serving.yaml: lables: expected "labels" perhaps, found the unknown field "lables"',
    ],
    [
      'settings that are no YAML',
      model('echo-fp32.onnx', 'labels: [a'),
      'SettingsInvalid',
      /^m\/serving\.yaml: expected YAML, found .*line 1/,
    ],
    [
      'labels without an output for them',
      model('dynamic-two.onnx', 'labels: [a, b]\nexample: [[1, 2]]'),
      'SettingsInvalid',
      /labels: expected probabilities in output "y", found 2; end the model with a softmax/,
    ],
    [
      'features of another number',
      model('echo-fp32.onnx', 'features: [a, b, c]'),
      'SettingsInvalid',
      'features: expected one input of shape [-1,3], found 1 input(s), the first of shape [-1,2]',
    ],
    [
      'an example that does not fit',
      model('echo-fp32.onnx', 'example: [1, 2, 3]'),
      'SettingsInvalid',
      'example: input "x" must have shape [-1,2] (-1 is any size), got [1,3]',
    ],
    [
      'an example that cannot be computed',
      model('gather.onnx', 'example: [7]'),
      'ExampleFailed',
      /^example: the model cannot compute with these inputs \(operator Gather: /,
    ],
    [
      'a wrong digest',
      model('echo-fp32.onnx', `sha256: { 1/model.onnx: ${'f'.repeat(64)} }`),
      'DigestMismatch',
      /^sha256: expected 1\/model\.onnx to have f{64}, found [0-9a-f]{64}$/,
    ],
    [
      'a digest of a file that is not there',
      model('echo-fp32.onnx', `sha256: { 1/weights: ${'f'.repeat(64)} }`),
      'FileMissing',
      'sha256: 1/weights is listed and not there',
    ],
    [
      'a version that is not there',
      model('echo-fp32.onnx', 'versions: [2]'),
      'SettingsInvalid',
      'versions: expected folders 2, found 1',
    ],
    [
      'a folder without a model',
      { 'm/readme.txt': '' },
      'RepositoryInvalid',
      'm has no model.onnx and no version folder: found readme.txt',
    ],
    ['a version folder without a model', { 'm/1/readme.txt': '' }, 'FileMissing', 'm/1/model.onnx is not there'],
  ];
  for (const [what, files, reason, sentence] of cases) {
    test(`${what}, in the log, the index and readiness`, () =>
      withServer(files, async (server) => {
        const entry = server.logged.find(({ message }) => message === 'model not loaded');
        assert.equal(entry?.reason, reason, String(entry?.problem));
        if (typeof sentence === 'string') assert.equal(entry?.problem, sentence);
        else assert.match(String(entry?.problem), sentence);
        const [line] = server.catalog.index();
        assert.equal(line?.state, 'UNAVAILABLE');
        assert.equal(line?.reason, `${reason}: ${entry?.problem}`);
        const ready = await server.request('GET', '/readyz');
        assert.equal(ready.status, 503);
        assert.ok(String(ready.body).includes(JSON.stringify(entry?.problem).slice(1, -1)));
        assert.equal((await server.request('GET', '/startupz')).status, 200);
        assert.equal((await server.request('GET', '/livez')).status, 200);
      }));
  }
});

describe('a model that loads', () => {
  const placements: ReadonlyArray<readonly [does: string, file: string, runner: string, maxRows: number]> = [
    ['stays inline when it is fast, and is batched when its rows are independent', 'echo-fp32.onnx', 'inline', 64],
    ['goes to a thread when a run takes long', 'matmul-5ms.onnx', 'thread', 64],
    ['is not batched with a fixed first dimension', 'add-fixed-batch.onnx', 'inline', 1],
    ['is not batched without dimensions', 'scalar.onnx', 'inline', 1],
    ['is not batched when its rows touch each other', 'mean-over-first.onnx', 'inline', 1],
    ['is batched when the open dimension has no name', 'no-names-batch.onnx', 'inline', 64],
    ['is batched with several inputs', 'two-inputs.onnx', 'inline', 64],
    ['is batched when some of the rows tried are refused', 'gather.onnx', 'inline', 64],
    ['loads with FP16 tensors, which JSON cannot ask for', 'echo-fp16.onnx', 'inline', 64],
  ];
  for (const [does, file, runner, maxRows] of placements) {
    test(does, () =>
      withServer(model(file), ({ catalog }) => {
        const loaded = catalog.find('m');
        assert.deepEqual([loaded.runner, loaded.maxRows], [runner, maxRows]);
      }),
    );
  }

  test('reports its load time, size and memory', () =>
    withServer(
      { ...model('external-data.onnx'), 'm/1/external-data.weights': { model: 'external-data.weights' } },
      (server) => {
        const { fileBytes, loadMs, memoryBytes } = server.catalog.find('m');
        assert.equal(fileBytes, 173 + 24);
        assert.ok(loadMs > 0 && memoryBytes >= 0);
      },
    ));

  test('obeys its settings: batching and versions', () =>
    withServer(
      {
        'm/serving.yaml': 'versions: all\nbatching: { maxRows: 8 }\nwarmUp: { runs: 1 }',
        'm/1/model.onnx': { model: 'echo-fp32.onnx' },
        'm/2/model.onnx': { model: 'echo-fp32.onnx' },
      },
      ({ catalog }) => {
        assert.deepEqual(catalog.versions('m'), ['1', '2']);
        assert.equal(catalog.find('m', '1').maxRows, 8);
      },
    ));

  test('is not refused for a digest of another version, which may be gone', () =>
    withServer(model('echo-fp32.onnx', `sha256: { 7/model.onnx: ${'f'.repeat(64)} }`), ({ catalog }) => {
      assert.equal(catalog.find('m').version, '1');
    }));

  test('may call itself the default', () =>
    withServer(
      {
        'a/1/model.onnx': { model: 'echo-fp32.onnx' },
        'b/1/model.onnx': { model: 'dynamic-two.onnx' },
        'b/serving.yaml': 'default: true',
      },
      async (server) => {
        const { json } = await server.request('GET', '/predict');
        assert.equal((json as { model: string }).model, 'b');
        assert.equal(server.catalog.tryPath(), '/predict');
      },
    ));

  test('is not the default when another calls itself that too', () =>
    withServer(
      {
        'a/1/model.onnx': { model: 'echo-fp32.onnx' },
        'a/serving.yaml': 'default: true',
        'b/1/model.onnx': { model: 'dynamic-two.onnx' },
        'b/serving.yaml': 'default: true',
      },
      async (server) => {
        assert.equal((await server.request('GET', '/predict')).status, 400);
        const warned = server.logged.find(({ message }) => message === 'several models call themselves the default');
        assert.deepEqual(warned?.models, ['a', 'b']);
        assert.equal(server.catalog.tryPath(), '/models/a/predict');
      },
    ));

  for (const file of ['center-all.onnx', 'scale-by-max.onnx', 'scale-by-norm.onnx']) {
    test(`is not batched when a statistic over all rows is in every answer: ${file}`, () =>
      withServer(model(file, 'example: [5.1, 3.5, 1.4, 0.2]'), ({ catalog }) => {
        assert.equal(catalog.find('m').maxRows, 1);
      }));
  }

  test('is not held up by one that does not', () =>
    withServer({ iris: { example: 'iris' }, 'broken/1/model.onnx': { model: 'unknown-op.onnx' } }, async (server) => {
      assert.equal((await server.request('GET', '/models/iris/predict')).status, 200);
    }));
});

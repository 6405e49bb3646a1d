import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startAssembled, type TestServer } from '../testing/assembled.ts';

const IRIS = { sepal_length_cm: 5.1, sepal_width_cm: 3.5, petal_length_cm: 1.4, petal_width_cm: 0.2 };
const SETOSA = {
  label: 'setosa',
  probabilities: { setosa: 0.9780971, versicolor: 0.021901999, virginica: 8.7810093e-7 },
};

let server: TestServer;
before(async () => {
  server = await startAssembled(
    {
      iris: { example: 'iris' },
      digits: { example: 'digits' },
      'sums/1/model.onnx': { model: 'two-inputs.onnx' },
      'double/1/model.onnx': { model: 'dynamic-two.onnx' },
      'int64/1/model.onnx': { model: 'echo-int64.onnx' },
      'half/1/model.onnx': { model: 'echo-fp16.onnx' },
      'words/1/model.onnx': { model: 'string-classifier.onnx' },
      'words/serving.yaml': 'labels: [negative, positive]\nexample: [great]',
      'a:b/1/model.onnx': { model: 'echo-fp32.onnx' },
      'broken/1/model.onnx': { model: 'unknown-op.onnx' },
    },
    { defaultModel: 'iris' },
  );
});
after(() => server.stop());

const V2 = (over: Record<string, unknown> = {}, tensor: Record<string, unknown> = {}) => ({
  inputs: [{ name: 'input', shape: [1, 4], datatype: 'FP32', data: [5.1, 3.5, 1.4, 0.2], ...tensor }],
  ...over,
});

describe('POST /predict', () => {
  const answers: ReadonlyArray<readonly [does: string, url: string, body: unknown, expected: object]> = [
    ['takes a row by feature name', '/predict', IRIS, { predictions: [SETOSA] }],
    ['takes a flat row', '/predict', [5.1, 3.5, 1.4, 0.2], { predictions: [SETOSA] }],
    [
      'takes an array of rows',
      '/predict',
      [[5.1, 3.5, 1.4, 0.2], Object.values(IRIS)],
      { predictions: [SETOSA, SETOSA] },
    ],
    ['takes an array of rows by feature name', '/predict', [IRIS, IRIS], { predictions: [SETOSA, SETOSA] }],
    ['takes tensors by name', '/predict', { inputs: { input: [[5.1, 3.5, 1.4, 0.2]] } }, { predictions: [SETOSA] }],
    ['answers a named model', '/models/iris/predict', IRIS, { predictions: [SETOSA] }],
    ['answers a named version', '/models/iris/versions/1/predict', IRIS, { predictions: [SETOSA] }],
    [
      'answers tensors where there are no labels',
      '/models/double/predict',
      [
        [1, 2],
        [3, 4],
      ],
      {
        outputs: {
          y: [
            [2, 4],
            [6, 8],
          ],
        },
      },
    ],
    [
      'takes several inputs',
      '/models/sums/predict',
      { inputs: { a: [[1, 2, 3]], b: [[4, 5]] } },
      { outputs: { sum_a: [[6]], sum_b: [[9]] } },
    ],
    [
      'takes texts',
      '/models/words/predict',
      ['great'],
      { predictions: [{ label: 'positive', probabilities: { negative: 0, positive: 1 } }] },
    ],
  ];
  for (const [does, url, body, expected] of answers) {
    test(does, async () => {
      const { status, json } = await server.request('POST', url, { body });
      assert.equal(status, 200, JSON.stringify(json));
      const { model, version, ...rest } = json as Record<string, unknown>;
      assert.equal(version, '1');
      assert.ok(url.includes(`/${model}/`) || model === 'iris');
      assert.deepEqual(rest, expected);
    });
  }

  const refusals: ReadonlyArray<
    readonly [what: string, url: string, body: unknown, status: number, error: string | RegExp]
  > = [
    [
      'an empty body',
      '/predict',
      undefined,
      400,
      'the body is empty: expected a row, an array of rows, or {"inputs": {tensor: data}}',
    ],
    ['bad JSON', '/predict', '[1,2', 400, /^the body is not valid JSON: .*position 4/],
    ['a body that is not UTF-8', '/predict', Buffer.from([0x5b, 0xff, 0x5d]), 400, 'the body is not UTF-8 text'],
    [
      'a mistyped feature',
      '/predict',
      { ...IRIS, sepal_lenght_cm: 1 },
      400,
      'unknown feature "sepal_lenght_cm": did you mean "sepal_length_cm"?',
    ],
    ['a missing feature', '/predict', { sepal_length_cm: 1 }, 400, /^feature "sepal_width_cm" is missing/],
    [
      'null',
      '/predict',
      { ...IRIS, petal_width_cm: null },
      400,
      'tensor "input" feature "petal_width_cm": expected a number that fits FP32, got null',
    ],
    [
      'a text for a number',
      '/predict',
      [IRIS, { ...IRIS, petal_width_cm: 'wide' }],
      400,
      'tensor "input" row 1: feature "petal_width_cm": expected a number that fits FP32, got "wide"',
    ],
    ['a short row', '/predict', [1, 2, 3], 400, 'input "input" must have shape [-1,4] (-1 is any size), got [1,3]'],
    [
      'ragged rows',
      '/predict',
      [
        [1, 2, 3, 4],
        [1, 2],
      ],
      400,
      'tensor "input" has shape [2,4]: data[1] must be an array of 4, got 2 element(s)',
    ],
    [
      'a word',
      '/predict',
      '"hello"',
      400,
      'got "hello": send a row, an array of rows, or {"inputs": {"input": FP32 [-1,4]}}',
    ],
    ['no rows', '/predict', [], 400, 'input "input" must have shape [-1,4] (-1 is any size), got [1,0]'],
    [
      'an unknown model',
      '/models/irsi/predict',
      IRIS,
      404,
      /^Request for unknown model: 'irsi' is not found; the models here are "a:b", "broken", /,
    ],
    [
      'a model that did not load',
      '/models/broken/predict',
      [1],
      503,
      /^model "broken" is not ready: OperatorUnknown: broken\/1\/model\.onnx: the operator "Frobnicate" does not exist in opset 17/,
    ],
    [
      'rows for several inputs',
      '/models/sums/predict',
      [[1, 2, 3]],
      400,
      'got [[1,2,3]]: send {"inputs": {"a": FP32 [-1,3], "b": INT64 [-1,2]}}',
    ],
    [
      'an FP16 input',
      '/models/half/predict',
      [1, 2],
      400,
      'tensor "x" is FP16, which JSON cannot carry: it needs a binary form',
    ],
  ];
  for (const [what, url, body, status, error] of refusals) {
    test(`refuses ${what}, in a sentence`, async () => {
      const answer = await server.request('POST', url, { body });
      assert.equal(answer.status, status);
      if (typeof error === 'string') assert.equal(answer.error, error);
      else assert.match(answer.error ?? '', error);
    });
  }

  test('refuses a compressed body and the binary form by name', async () => {
    const gzip = await server.request('POST', '/predict', { body: IRIS, headers: { 'content-encoding': 'gzip' } });
    assert.equal(gzip.error, 'Content-Encoding "gzip" is not supported: send plain JSON');
    const binary = await server.request('POST', '/predict', {
      body: IRIS,
      headers: { 'inference-header-content-length': '9' },
    });
    assert.equal(binary.error, 'the binary tensor extension is not supported: send tensors as JSON');
  });

  test('asks which model when there are several and no default', async () => {
    const other = await startAssembled({
      digits: { example: 'digits' },
      'm/1/model.onnx': { model: 'echo-fp32.onnx' },
    });
    const { status, error } = await other.request('POST', '/predict', { body: IRIS });
    assert.equal(status, 400);
    assert.equal(
      error,
      'which model? expected one of "digits", "m" in the path, as /models/digits/predict; or set defaultModel',
    );
    await other.stop();
  });

  test('takes the only model there is without being told', async () => {
    const other = await startAssembled({ iris: { example: 'iris' } });
    assert.equal((await other.request('POST', '/predict', { body: IRIS })).status, 200);
    await other.stop();
  });
});

describe('GET /predict', () => {
  test('runs the example and shows how to send one’s own', async () => {
    const { status, json } = await server.request('GET', '/predict');
    assert.equal(status, 200);
    assert.deepEqual(json, {
      model: 'iris',
      version: '1',
      predictions: [SETOSA],
      example: IRIS,
      try: `curl http://localhost:8000/predict -d '${JSON.stringify(IRIS)}'`,
    });
  });

  test('makes an example up from the signature where none is given', async () => {
    const { json } = await server.request('GET', '/models/sums/predict');
    assert.deepEqual(json, {
      model: 'sums',
      version: '1',
      outputs: { sum_a: [[0]], sum_b: [[0]] },
      example: { inputs: { a: [[0, 0, 0]], b: [[0, 0]] } },
      try: `curl http://localhost:8000/models/sums/predict -d '{"inputs":{"a":[[0,0,0]],"b":[[0,0]]}}'`,
    });
  });

  test('does not repeat a Host header that is no host', async () => {
    const { json } = await server.request('GET', '/predict', { headers: { host: `x'; rm -rf /` } });
    assert.match((json as { try: string }).try, /^curl http:\/\/localhost:8000\/predict -d/);
  });
});

describe('POST /v2/models/{model}/infer', () => {
  const infer = (body: unknown, model = 'iris') => server.request('POST', `/v2/models/${model}/infer`, { body });

  test('answers in the protocol’s form', async () => {
    const { json } = await infer(V2({ id: 'a' }));
    assert.deepEqual(json, {
      model_name: 'iris',
      model_version: '1',
      id: 'a',
      outputs: [
        { name: 'label', datatype: 'INT64', shape: [1], data: [0] },
        {
          name: 'probabilities',
          datatype: 'FP32',
          shape: [1, 3],
          data: [0.9780970811843872, 0.021901998668909073, 8.781009341873869e-7],
        },
      ],
    });
  });

  test('takes nested data and flat data alike', async () => {
    const flat = (await infer(V2({ id: 'a' }))).json;
    assert.deepEqual((await infer(V2({ id: 'a' }, { data: [[5.1, 3.5, 1.4, 0.2]] }))).json, flat);
  });

  test('keeps 64-bit integers exact, digit by digit', async () => {
    const body =
      '{"id":"a","inputs":[{"name":"x","shape":[1,2],"datatype":"INT64","data":[9223372036854775807,-9007199254740993]}]}';
    const { body: text } = await infer(body, 'int64');
    assert.match(String(text), /"data":\[9223372036854775807,-9007199254740993\]/);
  });

  const refusals: ReadonlyArray<readonly [what: string, body: unknown, error: string | RegExp]> = [
    [
      'a body that is no object',
      [1],
      'the request: expected an object with "id", "parameters", "inputs", "outputs", "model_name", got [1]',
    ],
    ['an unknown field', V2({ input: [] }), 'the request: unknown field "input"; did you mean "inputs"?'],
    ['inputs that are no array', { inputs: {} }, 'inputs: expected an array of tensors, got {}'],
    ['an input that is no object', { inputs: [null] }, /^inputs\[0\]: expected an object with .* got null$/],
    [
      'an unknown field of an input',
      V2({}, { dtype: 'FP32' }),
      'inputs[0]: unknown field "dtype"; expected "name", "shape", "datatype", "parameters", "data"',
    ],
    ['an input without a name', V2({}, { name: undefined }), 'inputs[0].name: expected a text, got nothing'],
    [
      'an unknown datatype',
      V2({}, { datatype: 'FLOAT' }),
      /^input "input" has the datatype "FLOAT", which is none of BOOL, /,
    ],
    [
      'a missing shape',
      V2({}, { shape: undefined }),
      'input "input" must have a shape, an array of whole numbers, got nothing',
    ],
    [
      'a negative dimension',
      V2({}, { shape: [-1, 4] }),
      'input "input" has shape [-1,4]: expected whole numbers from 0, got -1',
    ],
    [
      'a broken dimension',
      V2({}, { shape: [1.5, 4] }),
      'input "input" has shape [1.5,4]: expected whole numbers from 0, got 1.5',
    ],
    ['missing data', V2({}, { data: undefined }), 'input "input" has no data'],
    [
      'null among the data',
      V2({}, { data: [1, null, 3, 4] }),
      'tensor "input" element 1: expected a number that fits FP32, got null',
    ],
    [
      'true for a number',
      V2({}, { data: [1, true, 3, 4] }),
      'tensor "input" element 1: expected a number that fits FP32, got true',
    ],
    [
      'a number too large for FP32',
      V2({}, { data: [1, 1e39, 3, 4] }),
      'tensor "input" element 1: expected a number that fits FP32, got 1e+39',
    ],
    [
      'a word for a number',
      V2({}, { data: [1, 'nan', 3, 4] }),
      'tensor "input" element 1: expected a number that fits FP32, got "nan"',
    ],
    [
      'another model in the body',
      V2({ model_name: 'digits' }),
      'model_name: expected "iris", as in the path, got "digits"',
    ],
    ['an id that is no text', V2({ id: 1 }), 'id: expected a text, got 1'],
    ['outputs that are no array', V2({ outputs: 'label' }), 'outputs: expected an array, got "label"'],
    [
      'classification',
      V2({ outputs: [{ name: 'label', parameters: { classification: 2 } }] }),
      'parameter "classification" of output "label": the classification extension is not supported by this server',
    ],
    [
      'binary outputs',
      V2({ parameters: { binary_data_output: true } }),
      'parameter "binary_data_output" of the request: the binary tensor extension is not supported by this server',
    ],
    [
      'shared memory',
      V2({}, { parameters: { shared_memory_region: 'x' } }),
      'parameter "shared_memory_region" of input "input": shared memory is not supported by this server',
    ],
    [
      'sequences',
      V2({ parameters: { sequence_id: 4 } }),
      'parameter "sequence_id" of the request: sequences is not supported by this server',
    ],
    [
      'a timeout that is no number',
      V2({ parameters: { timeout: 'soon' } }),
      'parameter "timeout": expected microseconds as a whole number, got "soon"',
    ],
  ];
  for (const [what, body, error] of refusals) {
    test(`refuses ${what}, in a sentence`, async () => {
      const answer = await infer(body);
      assert.equal(answer.status, 400);
      if (typeof error === 'string') assert.equal(answer.error, error);
      else assert.match(answer.error ?? '', error);
    });
  }

  test('takes the model’s name again in the body, as KServe’s client sends it', async () => {
    assert.equal((await infer(V2({ model_name: 'iris' }))).status, 200);
  });

  test('takes parameters of the client’s own, and a false switch', async () => {
    const body = V2({ parameters: { binary_data_output: false, mine: 'x' } }, { parameters: { content_type: 'np' } });
    assert.equal((await infer(body)).status, 200);
  });

  test('answers 504 when the request’s own timeout has passed', async () => {
    const { status, error } = await server.request('POST', '/v2/models/iris/infer', {
      body: V2({ parameters: { timeout: 1 } }),
    });
    assert.equal(status, 504);
    assert.equal(error, 'the deadline of the request passed before it was computed');
  });

  test('does not compute for a client that has left', async () => {
    const runs = () => /berth_batch_rows_count\{model="iris",version="1"\} (\d+)/;
    const before = String((await server.request('GET', '/metrics')).body).match(runs())?.[1];
    const { status } = await server.request('POST', '/v2/models/iris/infer', { body: V2(), hasLeft: () => true });
    assert.equal(status, 499);
    assert.equal(String((await server.request('GET', '/metrics')).body).match(runs())?.[1], before);
  });
});

describe('KServe V1', () => {
  const cases: ReadonlyArray<
    readonly [does: string, method: string, url: string, body: unknown, status: number, expected: unknown]
  > = [
    [
      'lists the models',
      'GET',
      '/v1/models',
      undefined,
      200,
      { models: ['a:b', 'broken', 'digits', 'double', 'half', 'int64', 'iris', 'sums', 'words'] },
    ],
    ['tells that a model is ready', 'GET', '/v1/models/iris', undefined, 200, { name: 'iris', ready: true }],
    ['tells that a model is not ready', 'GET', '/v1/models/broken', undefined, 503, { name: 'broken', ready: false }],
    [
      'predicts rows',
      'POST',
      '/v1/models/double:predict',
      {
        instances: [
          [1, 2],
          [3, 4],
        ],
      },
      200,
      {
        predictions: [
          [2, 4],
          [6, 8],
        ],
      },
    ],
    [
      'gives several outputs by name',
      'POST',
      '/v1/models/sums:predict',
      {
        instances: [
          { a: [1, 2, 3], b: [4, 5] },
          { a: [0, 0, 1], b: [0, 1] },
        ],
      },
      200,
      {
        predictions: [
          { sum_a: [6], sum_b: [9] },
          { sum_a: [1], sum_b: [1] },
        ],
      },
    ],
    [
      'takes inputs by column',
      'POST',
      '/v1/models/sums:predict',
      { inputs: { a: [[1, 2, 3]], b: [[4, 5]] } },
      200,
      { predictions: [{ sum_a: [6], sum_b: [9] }] },
    ],
    [
      'finds a model with a colon in its name',
      'POST',
      '/v1/models/a:b:predict',
      { instances: [[1, 2]] },
      200,
      { predictions: [[1, 2]] },
    ],
    [
      'refuses a body without instances',
      'POST',
      '/v1/models/iris:predict',
      { instnces: [] },
      400,
      { error: 'the request: expected "instances" or "inputs", got "instnces"' },
    ],
    [
      'takes the signature’s name that TensorFlow Serving’s clients send',
      'POST',
      '/v1/models/double:predict',
      { signature_name: 'serving_default', instances: [[1, 2]] },
      200,
      { predictions: [[2, 4]] },
    ],
    [
      'takes rows by the input’s name, features or not',
      'POST',
      '/v1/models/iris:predict',
      { instances: [{ input: [5.1, 3.5, 1.4, 0.2] }] },
      200,
      { predictions: [{ label: 0, probabilities: [0.9780970811843872, 0.021901998668909073, 8.781009341873869e-7] }] },
    ],
    [
      'refuses explanations by name',
      'POST',
      '/v1/models/iris:explain',
      { instances: [] },
      400,
      { error: 'explanations are not supported; use :predict' },
    ],
    [
      'says what to use instead of another verb',
      'POST',
      '/v1/models/iris',
      { instances: [] },
      404,
      { error: 'POST /v1/models/iris is not there; use :predict' },
    ],
  ];
  for (const [does, method, url, body, status, expected] of cases) {
    test(does, async () => {
      const answer = await server.request(method, url, { body });
      assert.equal(answer.status, status);
      assert.deepEqual(answer.json, expected);
    });
  }
});

describe('the other routes', () => {
  test('say what is there, on /', async () => {
    const { json } = await server.request('GET', '/');
    const { models, status } = json as { status: string; models: { name: string; state: string; predict: string }[] };
    assert.equal(status, 'alive');
    assert.deepEqual(models.find(({ name }) => name === 'a:b')?.predict, '/models/a%3Ab/predict');
    assert.equal((await server.request('GET', '/models/a%3Ab/predict')).status, 200);
  });

  test('index the repository with reasons, whole or only what is ready', async () => {
    const all = (await server.request('POST', '/v2/repository/index')).json as {
      name: string;
      state: string;
      reason: string;
    }[];
    assert.equal(all.find(({ name }) => name === 'iris')?.state, 'READY');
    const broken = all.find(({ name }) => name === 'broken');
    assert.equal(broken?.state, 'UNAVAILABLE');
    assert.match(broken?.reason ?? '', /^OperatorUnknown: broken\/1\/model\.onnx: the operator "Frobnicate"/);
    const ready = (await server.request('POST', '/v2/repository/index', { body: { ready: true } })).json as {
      name: string;
    }[];
    assert.ok(!ready.some(({ name }) => name === 'broken') && ready.length === all.length - 1);
  });

  test('give the configuration as Triton’s clients read it', async () => {
    assert.deepEqual((await server.request('GET', '/v2/models/iris/config')).json, {
      name: 'iris',
      platform: 'onnxruntime_onnx',
      backend: 'onnxruntime',
      max_batch_size: 64,
      input: [{ name: 'input', data_type: 'TYPE_FP32', dims: [4] }],
      output: [
        { name: 'label', data_type: 'TYPE_INT64', dims: [] },
        { name: 'probabilities', data_type: 'TYPE_FP32', dims: [3] },
      ],
    });
  });

  const statuses: ReadonlyArray<
    readonly [does: string, method: string, url: string, status: number, error: RegExp | undefined]
  > = [
    ['are live', 'GET', '/v2/health/live', 200, undefined],
    ['are not ready while a model is broken', 'GET', '/v2/health/ready', 503, undefined],
    ['take a slash at the end', 'GET', '/v2/', 200, undefined],
    [
      'have errors for unknown paths',
      'GET',
      '/v2/models',
      404,
      /^GET \/v2\/models is not there; GET \/ lists what is$/,
    ],
    ['have errors for wrong methods', 'PUT', '/predict', 405, /^PUT is not allowed on \/predict; use GET or POST$/],
    ['refuse loading by request', 'POST', '/v2/repository/models/iris/load', 400, /not supported/],
    ['do not take an empty name for the default model', 'POST', '/models//predict', 404, /is not there/],
    ['have errors for broken percent-encoding', 'GET', '/v2/models/%zz', 404, /is not there/],
  ];
  for (const [does, method, url, status, error] of statuses) {
    test(does, async () => {
      const answer = await server.request(method, url);
      assert.equal(answer.status, status);
      if (error !== undefined) assert.match(answer.error ?? '', error);
    });
  }

  test('refuse an answer that would be too large, before it is written', async () => {
    const other = await startAssembled({ 'm/1/model.onnx': { model: 'range.onnx' } }, { maxAnswerElements: 100 });
    const ask = (limit: number) => other.request('POST', '/predict', { body: { inputs: { limit } } });
    assert.equal((await ask(100)).status, 200);
    const { status, error } = await ask(101);
    assert.equal(status, 400);
    assert.equal(error, 'the answer has 101 elements, and may have 100 (maxAnswerElements): send fewer rows at a time');
    await other.stop();
  });

  test('count every error once, with the model that was asked where there is one', async () => {
    const other = await startAssembled({
      iris: { example: 'iris' },
      'broken/1/model.onnx': { model: 'unknown-op.onnx' },
    });
    await other.request('POST', '/models/broken/predict', { body: [1] });
    await other.request('POST', '/models/iris/predict', { body: [1] });
    await other.request('GET', '/v2/models/nope');
    await other.request('POST', '/v2/repository/index', { body: '[' });
    await other.request('POST', '/v1/models/iris:explain', { body: {} });
    await other.request('GET', '/nowhere');
    await other.request('GET', '/nowherez');
    const counted = String((await other.request('GET', '/metrics')).body).match(/^berth_request_errors_total.*$/gm);
    assert.deepEqual(counted?.sort(), [
      'berth_request_errors_total{model="",code="BodyInvalid"} 1',
      'berth_request_errors_total{model="",code="FeatureUnsupported"} 1',
      'berth_request_errors_total{model="",code="ModelNotFound"} 1',
      'berth_request_errors_total{model="",code="RouteNotFound"} 1',
      'berth_request_errors_total{model="broken",code="ModelNotReady"} 1',
      'berth_request_errors_total{model="iris",code="TensorInvalid"} 1',
    ]);
    await other.stop();
  });

  test('pass the trace on with a span of their own', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const { headers } = await server.request('GET', '/predict', { headers: { traceparent } });
    assert.match(
      headers?.traceparent ?? '',
      /^00-4bf92f3577b34da6a3ce929d0e0e4736-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$/,
    );
  });

  test('count requests, errors and batches for Prometheus', async () => {
    const metrics = String((await server.request('GET', '/metrics')).body);
    assert.match(metrics, /^berth_requests_total\{model="iris",version="1",protocol="v2"\} \d+$/m);
    assert.match(metrics, /^berth_request_errors_total\{model="iris",code="TensorInvalid"\} \d+$/m);
    assert.match(metrics, /^berth_request_errors_total\{model="",code="RouteNotFound"\} \d+$/m);
    assert.match(metrics, /^berth_model_phase\{model="broken",version="1",phase="failed"\} 1$/m);
    assert.match(metrics, /^berth_model_info\{model="iris",version="1",runner="inline",max_rows="64"\} 1$/m);
    assert.match(metrics, /^berth_requests_in_flight\{model="iris",version="1"\} 0$/m);
  });
});

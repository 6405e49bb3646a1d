import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { HttpAnswer } from '@berth/chassis/http';
import { digestOf } from '@berth/chassis/keys';
import { type RepositoryFiles, startAssembled, type TestServer } from '../testing/assembled.ts';

const IRIS_KEY = 'berth_for-iris';
const SUMS_KEY = 'berth_for-sums';
const LOST_KEY = 'berth_for-a-model-that-is-not-here';
const EVERY_KEY = 'berth_for-every-model';
const UNKNOWN_KEY = 'berth_that-nobody-knows';

const MODELS: RepositoryFiles = {
  iris: { example: 'iris' },
  'sums/1/model.onnx': { model: 'two-inputs.onnx' },
  'broken/1/model.onnx': { model: 'unknown-op.onnx' },
};

const folder = mkdtempSync(join(tmpdir(), 'berth-keys-'));
writeFileSync(
  join(folder, 'keys'),
  [
    `iris-team sha256:${digestOf(IRIS_KEY)} iris`,
    `sums-team sha256:${digestOf(SUMS_KEY)} sums`,
    `lost sha256:${digestOf(LOST_KEY)} nothere`,
    `admin sha256:${digestOf(EVERY_KEY)} *`,
  ].join('\n'),
);
after(() => rmSync(folder, { recursive: true }));

let server: TestServer;
let withoutDefault: TestServer;
before(async () => {
  server = await startAssembled(MODELS, { keys: folder, defaultModel: 'iris', logLevel: 'debug' });
  const { iris: _, ...noDefault } = MODELS;
  withoutDefault = await startAssembled(noDefault, { keys: folder });
});
after(() => Promise.all([server.stop(), withoutDefault.stop()]));

const withKey = (key: string | undefined) => (key === undefined ? {} : { authorization: `Bearer ${key}` });

const ROW = [5.1, 3.5, 1.4, 0.2];
const TENSOR = { inputs: [{ name: 'input', shape: [1, 4], datatype: 'FP32', data: ROW }] };

/** Everything that belongs to the model iris. */
const OF_IRIS: ReadonlyArray<readonly [method: string, path: string, body?: unknown]> = [
  ['POST', '/predict', ROW],
  ['GET', '/predict'],
  ['POST', '/models/iris/predict', ROW],
  ['GET', '/models/iris/predict'],
  ['HEAD', '/models/iris/predict'],
  ['POST', '/models/iris/versions/1/predict', ROW],
  ['GET', '/v2/models/iris'],
  ['GET', '/v2/models/iris/ready'],
  ['GET', '/v2/models/iris/config'],
  ['GET', '/v2/models/iris/versions/1'],
  ['GET', '/v2/models/iris/versions/1/ready'],
  ['POST', '/v2/models/iris/infer', TENSOR],
  ['POST', '/v2/models/iris/versions/1/infer', TENSOR],
  ['GET', '/v1/models/iris'],
  ['POST', '/v1/models/iris:predict', { instances: [ROW] }],
];

const OF_ANY_KEY: typeof OF_IRIS = [
  ['GET', '/v1/models'],
  ['POST', '/v2/repository/index', {}],
];

const CHALLENGE = 'Bearer realm="berth"';

const refusals: ReadonlyArray<
  readonly [who: string, key: string | undefined, status: number, challenge: string, error: RegExp]
> = [
  [
    'without a key',
    undefined,
    401,
    CHALLENGE,
    /^this server asks for a key: send the header "Authorization: Bearer <key>"$/,
  ],
  [
    'with another key',
    UNKNOWN_KEY,
    401,
    `${CHALLENGE}, error="invalid_token"`,
    /^the key that was sent is none of this server$/,
  ],
  [
    'with a key for another model',
    SUMS_KEY,
    403,
    `${CHALLENGE}, error="insufficient_scope"`,
    /^key "sums-team" is not for (model "iris"|the default model)$/,
  ],
];

/** What a door answers to the head of a request, and whether that was all it had to see. */
function answerUnread(method: string, path: string, key: string | undefined): HttpAnswer | 'reads the body' {
  const admitted = server.admit({ method, path, query: '', headers: withKey(key), hasLeft: () => false });
  return typeof admitted === 'function' ? 'reads the body' : admitted;
}

describe('what belongs to a model', () => {
  for (const [method, path, body] of OF_IRIS) {
    for (const [who, key, status, challenge, error] of refusals) {
      test(`${method} ${path} ${who} is refused, its body unread`, () => {
        const answer = answerUnread(method, path, key);
        assert.ok(answer !== 'reads the body');
        assert.equal(answer.status, status);
        assert.deepEqual(answer.headers, { 'content-type': 'application/json', 'www-authenticate': challenge });
        const { error: sentence, ...rest } = JSON.parse(String(answer.body));
        assert.match(sentence, error);
        assert.deepEqual(rest, {});
      });
    }
    for (const key of [IRIS_KEY, EVERY_KEY]) {
      test(`${method} ${path} is answered with the key ${key}`, async () => {
        assert.equal((await server.request(method, path, { body, headers: withKey(key) })).status, 200);
      });
    }
  }

  test('takes the scheme in any case, and no other', async () => {
    const status = async (authorization: string) =>
      (await server.request('GET', '/predict', { headers: { authorization } })).status;
    assert.equal(await status(`bearer ${IRIS_KEY}`), 200);
    assert.equal(await status(`Basic ${IRIS_KEY}`), 401);
  });

  for (const path of ['/v2/models/iris', '/v2/models/broken', '/v2/models/nope', '/v2/models/iris/versions/9']) {
    test(`${path} tells a key for another model nothing of its existence`, async () => {
      const { status, error } = await server.request('GET', path, { headers: withKey(SUMS_KEY) });
      assert.deepEqual([status, error], [403, `key "sums-team" is not for model "${path.split('/')[3]}"`]);
    });
  }

  test('a model that is not here is named to a key for it, and no other is', async () => {
    const { status, error } = await server.request('GET', '/v2/models/nothere', { headers: withKey(LOST_KEY) });
    assert.deepEqual(
      [status, error],
      [404, "Request for unknown model: 'nothere' is not found; there are no models here"],
    );
    const every = await server.request('GET', '/v2/models/nope', { headers: withKey(EVERY_KEY) });
    assert.match(every.error ?? '', /is not found; the models here are "broken", "iris", "sums"$/);
  });

  test('without a default, a key is told which of its own models it may mean', async () => {
    const ask = (key?: string) => withoutDefault.request('POST', '/predict', { body: ROW, headers: withKey(key) });
    assert.equal((await ask()).status, 401);
    const asked = 'which model? expected';
    assert.equal(
      (await ask(SUMS_KEY)).error,
      `${asked} one of "sums" in the path, as /models/sums/predict; or set defaultModel`,
    );
    assert.equal(
      (await ask(LOST_KEY)).error,
      `${asked} its name in the path, as /models/{model}/predict; or set defaultModel`,
    );
  });

  test('the line to try has the place of a key and not the key', async () => {
    const { json } = await server.request('GET', '/predict', { headers: withKey(IRIS_KEY) });
    assert.match(
      (json as { try: string }).try,
      /^curl -H "Authorization: Bearer \$KEY" http:\/\/localhost:8000\/predict -d /,
    );
  });
});

describe('what belongs to no model', () => {
  for (const [method, path] of OF_ANY_KEY) {
    for (const [who, key, status] of refusals.slice(0, 2)) {
      test(`${method} ${path} ${who} is refused, its body unread`, () => {
        const answer = answerUnread(method, path, key);
        assert.equal(answer !== 'reads the body' && answer.status, status);
      });
    }
  }

  const shown: ReadonlyArray<readonly [who: string, key: string | undefined, names: readonly string[]]> = [
    ['a key for one model', IRIS_KEY, ['iris']],
    ['a key for a model that is not here', LOST_KEY, []],
    ['a key for every model', EVERY_KEY, ['broken', 'iris', 'sums']],
  ];
  for (const [who, key, names] of shown) {
    test(`the lists show ${who} what it is for`, async () => {
      const headers = withKey(key);
      assert.deepEqual((await server.request('GET', '/v1/models', { headers })).json, { models: names });
      const index = (await server.request('POST', '/v2/repository/index', { headers })).json as { name: string }[];
      assert.deepEqual(
        index.map(({ name }) => name),
        names,
      );
      const root = (await server.request('GET', '/', { headers })).json as { models: { name: string }[] };
      assert.deepEqual(
        root.models.map(({ name }) => name),
        names,
      );
    });
  }

  const OPEN: ReadonlyArray<readonly [path: string, status: number]> = [
    ['/', 200],
    ['/v2', 200],
    ['/v2/health/live', 200],
    ['/v2/health/ready', 503],
    ['/startupz', 200],
    ['/livez', 200],
    ['/readyz', 503],
    ['/metrics', 200],
    ['/nowhere', 404],
  ];
  for (const [path, status] of OPEN) {
    test(`${path} is open, with another key too`, async () => {
      for (const key of [undefined, UNKNOWN_KEY]) {
        assert.equal((await server.request('GET', path, { headers: withKey(key) })).status, status);
      }
    });
  }

  for (const [method, path] of [
    ['POST', '/nowhere'],
    ['POST', '/v2/health/live'],
    ['POST', '/v1/models/iris:explain'],
  ] as const) {
    test(`${method} ${path}, which is not there, is answered unread`, () => {
      const answer = answerUnread(method, path, undefined);
      assert.ok(answer !== 'reads the body' && answer.status >= 400);
    });
  }

  test('on the port of the doors, nothing that is open has a model’s name', async () => {
    for (const [path] of OPEN.filter(([open]) => !/^\/(\w+z|metrics)$/.test(open))) {
      for (const key of [undefined, UNKNOWN_KEY]) {
        const { body } = await server.request('GET', path, { headers: withKey(key) });
        assert.doesNotMatch(String(body), /iris|sums|broken/, path);
      }
    }
  });

  test('the reasons of readiness are for a key for every model', async () => {
    const reasons = async (key?: string) =>
      ((await server.request('GET', '/v2/health/ready', { headers: withKey(key) })).json as { reasons?: unknown[] })
        .reasons?.length;
    assert.deepEqual([await reasons(), await reasons(IRIS_KEY), await reasons(EVERY_KEY)], [undefined, undefined, 1]);
  });
});

test('every refusal is counted, with the model where it is one of the server’s', async () => {
  const other = await startAssembled(MODELS, { keys: folder, defaultModel: 'iris' });
  await other.request('GET', '/predict');
  await other.request('GET', '/predict', { headers: withKey(UNKNOWN_KEY) });
  await other.request('GET', '/predict', { headers: withKey(SUMS_KEY) });
  await other.request('GET', '/v2/models/nope', { headers: withKey(SUMS_KEY) });
  const counted = String((await other.request('GET', '/metrics')).body).match(/^berth_request_errors_total.*$/gm);
  assert.deepEqual(counted?.sort(), [
    'berth_request_errors_total{model="",code="KeyMissing"} 1',
    'berth_request_errors_total{model="",code="KeyNotForModel"} 1',
    'berth_request_errors_total{model="",code="KeyUnknown"} 1',
    'berth_request_errors_total{model="iris",code="KeyNotForModel"} 1',
  ]);
  await other.stop();
});

// After everything above: the log at debug has a line for each of its requests.
test('neither keys nor digests are in the log or the metrics, and names are', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  for (const key of [IRIS_KEY, SUMS_KEY, UNKNOWN_KEY]) {
    await server.request('POST', '/predict', { body: ROW, headers: { ...withKey(key), traceparent } });
  }
  const written = JSON.stringify(server.logged) + String((await server.request('GET', '/metrics')).body);
  for (const key of [IRIS_KEY, SUMS_KEY, LOST_KEY, EVERY_KEY, UNKNOWN_KEY]) {
    assert.ok(!written.includes(key) && !written.includes(digestOf(key)));
  }
  const answered = server.logged.filter(({ message }) => message === 'request answered');
  assert.ok(answered.length > 100);
  assert.deepEqual(
    new Set(answered.map(({ key }) => key)),
    new Set([undefined, 'iris-team', 'sums-team', 'lost', 'admin']),
  );
});

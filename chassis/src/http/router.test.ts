import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRouter, type Route, type RouteParameters } from './router.ts';

function aRoute(method: 'GET' | 'POST', path: string): Route<string> {
  return [method, path, `${method} ${path}`];
}

const find = createRouter([
  aRoute('GET', '/'),
  aRoute('GET', '/v2'),
  aRoute('GET', '/v2/models/:model'),
  aRoute('GET', '/v2/models/:model/ready'),
  aRoute('POST', '/v2/models/:model/infer'),
  aRoute('POST', '/v2/models/:model/versions/:version/infer'),
  aRoute('GET', '/v2/models/all'),
  aRoute('GET', '/models/:name/predict'),
  aRoute('POST', '/models/:name/predict'),
  aRoute('POST', '/models/:folder/:file'),
]);

/** What a router finds, in a form that reads: the route and its parameters, the methods to use instead, or nothing. */
function found(method: string, path: string): readonly [string, RouteParameters] | string {
  const match = find(method, path);
  if (match.kind === 'found') return [match.target, match.parameters];
  return match.kind === 'methodNotAllowed' ? `use ${match.allowed.join(' or ')}` : 'nothing';
}

const cases: ReadonlyArray<
  readonly [does: string, method: string, path: string, expected: readonly [string, RouteParameters] | string]
> = [
  ['finds the root', 'GET', '/', ['GET /', {}]],
  ['finds a route of literals', 'GET', '/v2', ['GET /v2', {}]],
  ['takes a slash at the end for nothing', 'GET', '/v2/', ['GET /v2', {}]],
  ['takes HEAD for GET', 'HEAD', '/v2', ['GET /v2', {}]],
  ['reads a parameter', 'POST', '/v2/models/iris/infer', ['POST /v2/models/:model/infer', { model: 'iris' }]],
  [
    'reads several',
    'POST',
    '/v2/models/iris/versions/2/infer',
    ['POST /v2/models/:model/versions/:version/infer', { model: 'iris', version: '2' }],
  ],
  ['reads one at the end', 'GET', '/v2/models/iris/', ['GET /v2/models/:model', { model: 'iris' }]],
  ['prefers a literal', 'GET', '/v2/models/all', ['GET /v2/models/all', {}]],
  ['does not come back from a literal', 'GET', '/v2/models/all/ready', 'nothing'],
  [
    'takes the same word in another place for a parameter',
    'GET',
    '/v2/models/ready',
    ['GET /v2/models/:model', { model: 'ready' }],
  ],
  ['decodes a parameter', 'GET', '/v2/models/a%20b%C3%A9', ['GET /v2/models/:model', { model: 'a bé' }]],
  ['lets an encoded slash be part of it', 'GET', '/v2/models/a%2Fb', ['GET /v2/models/:model', { model: 'a/b' }]],
  ['decodes once', 'GET', '/v2/models/%252F', ['GET /v2/models/:model', { model: '%2F' }]],
  ['does not find what cannot be decoded', 'GET', '/v2/models/%zz', 'nothing'],
  ['does not find half a letter', 'GET', '/v2/models/%C3', 'nothing'],
  ['does not decode literals', 'GET', '/%76%32', 'nothing'],
  ['does not let a parameter be empty', 'GET', '/v2/models//ready', 'nothing'],
  ['lets a parameter be any word', 'GET', '/v2/models/__proto__', ['GET /v2/models/:model', { model: '__proto__' }]],
  [
    'names a shared parameter as the route does',
    'POST',
    '/models/a/b',
    ['POST /models/:folder/:file', { folder: 'a', file: 'b' }],
  ],
  ['and as the other route does', 'POST', '/models/a/predict', ['POST /models/:name/predict', { name: 'a' }]],
  ['tells which method to use', 'GET', '/v2/models/iris/infer', 'use POST'],
  ['tells which methods to use', 'DELETE', '/models/a/predict', 'use GET or POST'],
  ['does not take HEAD for POST', 'HEAD', '/v2/models/iris/infer', 'use POST'],
  ['does not take OPTIONS for GET', 'OPTIONS', '/v2', 'use GET'],
  ['does not find the beginning of a route', 'GET', '/v2/models', 'nothing'],
  ['does not find more than a route', 'GET', '/v2/models/iris/ready/now', 'nothing'],
  ['minds upper and lower case', 'GET', '/V2', 'nothing'],
  ['takes two slashes for an empty word', 'GET', '//v2', 'nothing'],
  ['does not find "*"', 'OPTIONS', '*', 'nothing'],
];

for (const [does, method, path, expected] of cases) {
  test(`the router ${does}`, () => assert.deepEqual(found(method, path), expected));
}

test('the router finds every model by its encoded name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (model) => {
      const path = `/v2/models/${encodeURIComponent(model)}/infer`;
      assert.deepEqual(found('POST', path), model === 'all' ? 'nothing' : ['POST /v2/models/:model/infer', { model }]);
    }),
  );
});

test('the router never throws', () => {
  const path = fc.string({ unit: fc.constantFrom('/', '%', '2', 'F', 'v', 'models', '?') });
  fc.assert(fc.property(path, (text) => void found('GET', `/${text}`)));
});

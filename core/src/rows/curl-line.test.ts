import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curlLine } from './curl-line.ts';

const URL = 'http://localhost:8000/models/iris/predict';
const cases: ReadonlyArray<readonly [does: string, url: string, body: string, expected: string]> = [
  ['quotes the body', URL, '[1,2]', `curl ${URL} -d '[1,2]'`],
  ['lets single quotes stand in the body', URL, `["it's"]`, String.raw`curl ${URL} -d '["it'\''s"]'`],
  ['quotes an address that a shell would take apart', 'http://a/it;x', '1', `curl 'http://a/it;x' -d '1'`],
  [
    'quotes brackets, which a shell would look for files with',
    'http://[::1]:8000/',
    '1',
    `curl 'http://[::1]:8000/' -d '1'`,
  ],
  ['sends 1000 characters', URL, '1'.repeat(1000), `curl ${URL} -d '${'1'.repeat(1000)}'`],
  ['names a file for more', URL, '1'.repeat(1001), `curl ${URL} -d @body.json`],
];

test('curlLine posts nothing where there is no body', () => assert.equal(curlLine(URL), `curl ${URL}`));

test('curlLine takes the key that a server asks for from the shell', () =>
  assert.equal(curlLine(URL, '1', true), `curl -H "Authorization: Bearer $KEY" ${URL} -d '1'`));

for (const [does, url, body, expected] of cases) {
  test(`curlLine ${does}`, () => assert.equal(curlLine(url, body), expected));
}

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { cluster, top } from './scenario.ts';
import { kindsIn, SCHEMAS, schemasOf } from './schemas.ts';

const manifests = join(top, 'k8s');
const GATEWAY_API = 'sigs.k8s.io/gateway-api@v1.6.1';
/** With it the schemas are written instead of compared, once for each minor. */
const isWriting = process.env.BERTH_WRITE_SCHEMAS !== undefined;

const kubectl = (...args: string[]) =>
  execFileSync('kubectl', ['--context', cluster.context, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 });

describe('the schemas of kinds', {
  skip: cluster.bin ? false : 'only a cluster of our own is given the Gateway API',
}, () => {
  before(() => {
    const { Dir } = JSON.parse(execFileSync('go', ['mod', 'download', '-json', GATEWAY_API], { encoding: 'utf8' }));
    const definition = join(Dir, 'config/crd/standard/gateway.networking.k8s.io_httproutes.yaml');
    kubectl('apply', '--server-side', '-f', definition);
    kubectl('wait', '--for=condition=Established', 'crd/httproutes.gateway.networking.k8s.io', '--timeout=30s');
  });

  test('are those of the API server', async () => {
    const { major, minor } = JSON.parse(kubectl('version', '-o', 'json')).serverVersion;
    const folder = join(SCHEMAS, `${major}.${minor}`);
    const schemas = schemasOf(await openApiWith('HTTPRoute'), kindsIn(manifests));
    if (isWriting) {
      mkdirSync(folder, { recursive: true });
      for (const [file, text] of Object.entries(schemas)) writeFileSync(join(folder, file), text);
    }
    assert.deepEqual(readdirSync(folder).sort(), Object.keys(schemas).sort());
    for (const [file, text] of Object.entries(schemas))
      assert.equal(readFileSync(join(folder, file), 'utf8'), text, file);
  });
});

for (const folder of ['keys', 'ingress', 'gateway', 'zones']) {
  const isUnknown = folder === 'gateway' && !cluster.bin && 'the cluster may not have the Gateway API';
  test(`k8s/${folder}/ is taken by the API server`, { skip: isUnknown }, () => {
    assert.match(kubectl('apply', '--dry-run=server', '-f', join(manifests, folder)), / created \(server dry run\)/);
  });
}

/** The API server adds a new kind to its document a little after the kind is there. */
async function openApiWith(kind: string): Promise<string> {
  for (;;) {
    const document = kubectl('get', '--raw', '/openapi/v2');
    if (document.includes(`"kind":"${kind}"`)) return document;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

for (const minor of readdirSync(SCHEMAS)) {
  const location = `${join(SCHEMAS, minor)}/{{.ResourceKind}}{{.KindSuffix}}.json`;
  const kubeconform = (input: string, ...files: string[]) =>
    spawnSync('kubeconform', ['-strict', '-summary', '-schema-location', location, ...files], {
      encoding: 'utf8',
      input,
    });

  test(`every manifest is valid for Kubernetes ${minor}`, (t) => {
    const { status, stdout, stderr } = kubeconform('', manifests);
    assert.equal(status, 0, stdout + stderr);
    t.diagnostic(stdout.trim());
  });

  test(`a field that Kubernetes ${minor} does not know is found`, () => {
    const text = readFileSync(join(manifests, 'deployment.yaml'), 'utf8').replace('maxSurge', 'maximumSurge');
    const { status, stdout } = kubeconform(text);
    assert.equal(status, 1);
    assert.match(stdout, /maximumSurge/);
  });
}

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { cluster, Scene, top } from './scenario.ts';

const manifests = join(top, 'k8s');
const image = `localhost/berth-server:${packageJson.version}`;
const SECRET = 'never-in-an-archive';
const folder = mkdtempSync(join(tmpdir(), 'berth-scripts-cluster-'));

const scene = new Scene('scripts');
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`,
  ...(cluster.containerdSocket ? { CONTAINERD_ADDRESS: cluster.containerdSocket } : {}),
};

before(async () => {
  await scene.begin();
  await scene.kubectl('create', 'secret', 'generic', 'keys', `--from-literal=alice=${SECRET}`);
  makeBuildah(join(folder, 'bin'));
});
after(async () => {
  rmSync(folder, { recursive: true });
  await scene.end();
});

/** buildah on the store of the tests, whose base image may be a stand-in. */
function makeBuildah(bin: string): void {
  mkdirSync(bin);
  const buildah = join(top, 'test/images/buildah.sh');
  writeFileSync(join(bin, 'buildah'), `#!/bin/sh\nPATH='${process.env.PATH}' exec '${buildah}' "$@"\n`);
  chmodSync(join(bin, 'buildah'), 0o755);
  execFileSync(join(top, 'test/images/build-base.sh'), { stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Runs a script, of the checkout or of a copy of it, and gives its exit code and what it said. */
function script(line: string, checkout = top): { readonly code: number | null; readonly said: string } {
  const [name = '', ...args] = line.split(' ');
  const { status, stdout, stderr } = spawnSync(join(checkout, 'scripts', name), args, {
    env: environment,
    encoding: 'utf8',
  });
  return { code: status, said: stdout + stderr };
}

const inNamespace = (line: string, checkout?: string) =>
  script(`${line} -n ${scene.namespace} --context ${scene.context}`, checkout);

function succeeds({ code, said }: ReturnType<typeof script>): string {
  assert.equal(code, 0, said);
  return said;
}

const field = (kind: string, name: string, path: string) => scene.kubectl('get', kind, name, '-o', `jsonpath=${path}`);
const revision = () =>
  field('deployment', 'model-serving', '{.metadata.annotations.deployment\\.kubernetes\\.io/revision}');
const configuration = () => field('configmap', 'model-serving-config', '{.data.config\\.yaml}');
const servedImage = () => field('deployment', 'model-serving', '{.spec.template.spec.containers[0].image}');

/** The checkout as someone has it who set what the server does not know, and rendered k8s/ anew. */
function withBadConfiguration(): string {
  const copy = join(folder, 'checkout');
  for (const name of ['scripts', 'k8s', 'package.json']) cpSync(join(top, name), join(copy, name), { recursive: true });
  const change = (file: string, from: RegExp, to: string) => {
    const path = join(copy, 'k8s', file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
  };
  change('configmap.yaml', /logLevel: info/, 'colour: "blue" # a\tsetting\\n of none');
  change('deployment.yaml', /(config-checksum): .*/, '$1: "0"');
  return copy;
}

describe('the scripts on a real cluster', () => {
  const cannotLoad = cluster.containerdSocket === undefined && 'the cluster has no containerd of its own';
  test('build-images builds and loads', { skip: cannotLoad }, () => {
    const said = succeeds(script('build-images --engine buildah --load containerd'));
    assert.match(said, new RegExp(`ok +${image}`));
  });

  test('deploy applies, waits for two pods, and records the configuration', async (t) => {
    const began = performance.now();
    const said = succeeds(inNamespace('deploy --no-build --timeout 60s'));
    t.diagnostic(`deployed in ${Math.round((performance.now() - began) / 1000)} s`);
    assert.match(said, /2 of 2 pods ready/);
    const recorded = await field(
      'configmap',
      'model-serving-config',
      '{.metadata.annotations.berth\\.dev/last-good-config}',
    );
    assert.equal(recorded, await configuration());
  });

  test('deploy changes nothing the second time, and neither does kubectl apply', async () => {
    const versions = () =>
      Promise.all([revision(), field('configmap', 'model-serving-config', '{.metadata.resourceVersion}')]);
    const before = await versions();
    succeeds(inNamespace('deploy --no-build --timeout 60s'));
    assert.deepEqual(await versions(), before);
    assert.equal(await scene.kubectl('diff', '-f', manifests), '');
    await scene.kubectl('apply', '-f', manifests);
    assert.deepEqual(await versions(), before);
  });

  test('smoke-test finds all well', () => {
    assert.equal(succeeds(inNamespace('smoke-test')).match(/^ok /gm)?.length, 5);
  });

  test('load-test sends from a pod, and leaves nothing of it', () => {
    const said = succeeds(inNamespace('load-test --rate 100 --duration 6'));
    assert.match(said, /600 sent, 600 answered, 0 failed/);
    const left = spawnSync(
      'kubectl',
      ['-n', scene.namespace, 'get', 'pod,configmap', 'berth-load-test', '--ignore-not-found', '-o', 'name'],
      { env: environment, encoding: 'utf8' },
    );
    assert.equal(left.stdout, '');
  });

  test('rollback has nothing to go back to', async () => {
    assert.match(succeeds(inNamespace('rollback')), /nothing to roll back/);
    assert.equal(await revision(), '1');
  });

  test('an image that is not there: deploy says so in time, the old pods serve, rollback goes back', async () => {
    const missing = 'localhost/berth-server:is-not-there';
    const began = performance.now();
    const { code, said } = inNamespace(`deploy --image ${missing} --no-build --timeout 15s`);
    assert.ok(performance.now() - began < 60_000);
    assert.equal(code, 1, said);
    assert.match(said, /model-serving-\S+: not ready, waiting: (ErrImagePull|ImagePullBackOff) .*is-not-there/);
    assert.match(said, /scripts\/rollback/);
    succeeds(inNamespace('smoke-test'));
    assert.match(succeeds(inNamespace('rollback --to-revision 1')), /revision 3 serves: 2 of 2 pods ready/);
    assert.equal(await servedImage(), image);
    succeeds(inNamespace('smoke-test'));
  });

  test('a second rollback does not go forth again to what failed', async () => {
    assert.match(succeeds(inNamespace('rollback')), /nothing to roll back/);
    assert.equal(await servedImage(), image);
  });

  test('a setting that there is not: deploy says so in time, the old pods serve, and all is in the diagnostics', async () => {
    const { code, said } = inNamespace('deploy --no-build --timeout 15s', withBadConfiguration());
    assert.equal(code, 1, said);
    assert.match(said, /log: .*colour.*unknown field/);
    succeeds(inNamespace('smoke-test'));

    const archive = join(folder, 'diagnostics.tar.gz');
    succeeds(inNamespace(`collect-diagnostics -o ${archive}`));
    execFileSync('tar', ['-xzf', archive, '-C', folder]);
    const collected = join(folder, 'berth-diagnostics');
    const files = readdirSync(collected, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const text = files.map((file) => readFileSync(file, 'utf8')).join('\n');
    const summary = readFileSync(join(collected, 'summary.txt'), 'utf8');
    assert.match(summary, /pod model-serving-\S+: not ready, waiting: CrashLoopBackOff.*last ended with code 2/);
    for (const part of [
      'kind: EndpointSlice',
      'berth_model_phase',
      '"ready":true',
      'unknown field "colour"',
      'REVISION',
    ]) {
      assert.ok(text.includes(part), `${part} is not in the archive`);
    }
    assert.match(text, /^keys \(Opaque\): alice$/m);
    assert.ok(!text.includes(SECRET) && !text.includes(Buffer.from(SECRET).toString('base64')));
  });

  test('rollback goes back to the configuration that worked', async () => {
    const said = succeeds(inNamespace('rollback'));
    assert.match(said, /-colour: .*\n.*\+logLevel: info/);
    assert.equal(await scene.kubectl('diff', '-f', manifests), '');
    succeeds(inNamespace('smoke-test'));
  });
});

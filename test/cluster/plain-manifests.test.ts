import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import packageJson from '../../package.json' with { type: 'json' };
import { load } from '../journeys/load.ts';
import { binaries } from './binaries.ts';
import { loadImage, up } from './cluster.ts';
import { type Kubectl, makeNamespace } from './kubectl.ts';
import { PATHS } from './paths.ts';

const top = join(PATHS.sources, '../..');
const manifests = join(top, 'k8s');
const ROW = '[5.1,3.5,1.4,0.2]';

let kubectl: Kubectl;

before(async () => {
  await up('1.37', console.log);
  loadServerImage(await binaries('1.37', () => {}));
  kubectl = await makeNamespace('plain-manifests');
  await kubectl.run('apply', '-f', manifests);
  await kubectl.run('rollout', 'status', 'deployment/model-serving', '--timeout=60s');
});
after(() => kubectl.run('delete', 'namespace', kubectl.namespace, '--wait=false'));

/** Builds the image from the real Dockerfile and loads it under the name that the manifests say. */
function loadServerImage(bin: string): void {
  const image = `localhost/berth-server:${packageJson.version}`;
  const archive = join(PATHS.cache, 'berth-server.tar');
  execFileSync(join(top, 'test/images/build.sh'), { stdio: ['ignore', 'inherit', 'inherit'] });
  if (existsSync(archive)) rmSync(archive);
  execFileSync(join(top, 'test/images/buildah.sh'), ['push', '--quiet', image, `docker-archive:${archive}:${image}`]);
  loadImage(bin, archive);
}

async function readyPods(): Promise<number> {
  const text = await kubectl.run('get', 'deployment', 'model-serving', '-o', 'jsonpath={.status.readyReplicas}');
  return Number(text);
}

async function until(what: string, isSo: () => Promise<boolean>, seconds = 60): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadline, `not so after ${seconds} s: ${what}`);
    await sleep(250);
  }
}

describe('kubectl apply -f k8s/', () => {
  test('runs two pods under restricted Pod Security, with nothing refused on the way', async () => {
    await until('two pods are ready', async () => (await readyPods()) === 2);
    const warnings = await kubectl.run(
      'get',
      'events',
      '--field-selector=type=Warning',
      '-o',
      'jsonpath={.items[*].reason}',
    );
    // The startup probe asks before the server listens, and the autoscaler before there are metrics: both say so.
    const others = warnings.split(' ').filter((reason) => !/^$|Metric|^Unhealthy$/.test(reason));
    assert.deepEqual(others, []);
  });

  test('changes nothing the second time', async () => {
    assert.equal(await kubectl.run('diff', '-f', manifests), '');
  });

  test('answers curl http://localhost:8000/predict through a port-forward', async () => {
    const forward = kubectl.start('port-forward', 'svc/model-serving', '8000:80');
    try {
      await new Promise((resolve) => forward.stdout?.once('data', resolve));
      const answer = execFileSync('curl', ['-sS', 'http://localhost:8000/predict'], { encoding: 'utf8' });
      assert.equal(JSON.parse(answer).predictions[0].label, 'setosa');
    } finally {
      forward.kill('SIGTERM');
    }
  });

  test('a rolling update under load loses nothing', async (t) => {
    const address = await kubectl.run('get', 'service', 'model-serving', '-o', 'jsonpath={.spec.clusterIP}');
    let isOver = false;
    const running = load(`http://${address}/predict`, ROW, 16, () => isOver);
    await sleep(1000);
    await kubectl.run('rollout', 'restart', 'deployment/model-serving');
    await kubectl.run('rollout', 'status', 'deployment/model-serving', '--timeout=120s');
    // The last old pod still drains.
    await sleep(7000);
    isOver = true;
    const { answered, lost, refused, notConnected } = await running;
    t.diagnostic(`${answered} requests answered, ${lost.length} lost, ${refused.length} refused`);
    assert.deepEqual({ lost, refused, notConnected }, { lost: [], refused: [], notConnected: 0 });
    assert.ok(answered > 10_000);
  });

  test('kubectl scale shows five pods, ready', async () => {
    await kubectl.run('scale', 'deployment', 'model-serving', '--replicas=5');
    await until('five pods are ready', async () => (await readyPods()) === 5);
  });
});

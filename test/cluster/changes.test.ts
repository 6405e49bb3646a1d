import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { presentConfig } from '../../scripts/manifests.ts';
import { type Scene, scenario, top } from './scenario.ts';

const FLOWER = '[5.1,3.5,1.4,0.2]';

scenario(
  'changes',
  'Given running pods, when limits and keys change, then the pods take them over without a restart and without losing a request',
  async (scene) => {
    await scene.given.application();
    const before = await names(scene);
    const [old, next] = [aKey('shop'), aKey('shop')];
    const long = `[${'5.1,'.repeat(1000)}0.2]`;
    assert.match(await scene.askFromPod('/predict', long), /^400 /);

    await scene.when.applied(secretOf(old.line));
    await scene.when.applicationIs({ config: `${presentConfig()}maxRequestBytes: 2048\n` });
    await untilAnswers(scene, 'the Secret', () => scene.askFromPod('/predict'), /^401 /);
    const asked = () => scene.askFromPod('/predict', long, authorization(old.key));
    await untilAnswers(scene, 'the ConfigMap', asked, /^413 /);
    assert.match(await scene.askFromPod('/predict', FLOWER, authorization(old.key)), /^200 /);
    assert.match(await scene.askFromPod('/v2/models/digits', undefined, authorization(old.key)), /^403 /);
    assert.match(await scene.askFromPod('/v2/health/ready'), /^200 /);

    const load = await scene.given.load({ rate: 100, headers: authorization(old.key) });
    await scene.when.applied(secretOf(old.line, next.line));
    const rotated = () => scene.askFromPod('/predict', FLOWER, authorization(next.key));
    await untilAnswers(scene, 'the second key', rotated, /^200 /);
    await scene.then.nothingWasLost(load);
    assert.deepEqual(await names(scene), before);
    const logs = await scene.kubectl('logs', '-l', 'app.kubernetes.io/name=model-serving', '--tail=-1');
    for (const secret of [old.key, next.key]) assert.ok(!logs.includes(secret));
  },
);

/** A key for iris by the command that makes them, and its line. */
function aKey(name: string): { readonly key: string; readonly line: string } {
  const args = ['cli/src/main.ts', 'keys', 'new', name, '--models', 'iris', '-o', 'json'];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: top, encoding: 'utf8' }));
}

function authorization(key: string): { readonly authorization: string } {
  return { authorization: `Bearer ${key}` };
}

function secretOf(...lines: readonly string[]): object {
  const stringData = { keys: `${lines.join('\n')}\n` };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'model-serving-keys' }, stringData };
}

/** Both pods are asked in turn, so both have to have it: ten answers in a row. */
async function untilAnswers(scene: Scene, what: string, ask: () => Promise<string>, pattern: RegExp): Promise<void> {
  let inARow = 0;
  const seconds = await scene.until(
    `${what} is taken over`,
    async () => {
      inARow = pattern.test(await ask()) ? inARow + 1 : 0;
      return inARow >= 10;
    },
    180,
  );
  scene.say(`${what} was taken over within ${seconds.toFixed(0)} s`);
}

async function names(scene: Scene): Promise<readonly string[]> {
  return (await scene.pods()).map(({ metadata }) => metadata.name).sort();
}

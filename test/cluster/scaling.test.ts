import assert from 'node:assert/strict';
import { HEADER, type Pods, rowOf } from '../../scripts/load/report.ts';
import { cluster, type RunningLoad, scenario } from './scenario.ts';

/** A prediction of so many flowers that the pods have something to do. */
const BODY = `[${Array(700).fill('[5.1,3.5,1.4,0.2]').join()}]`;

scenario(
  'hpa',
  'Given an autoscaler, when load comes and goes, then pods come and go, and no request is lost',
  async (scene) => {
    await scene.given.application();
    const isQuick = cluster.hpaTimings === 'quick';
    scene.say(
      `timings: ${isQuick ? 'looks every 5 s, one pod less every 10 s' : 'those of k8s/hpa.yaml and Kubernetes'}`,
    );
    const down = { stabilizationWindowSeconds: 10, policies: [{ type: 'Pods', value: 1, periodSeconds: 10 }] };
    if (isQuick) await scene.when.patched('hpa/model-serving', { spec: { behavior: { scaleDown: down } } });
    await scene.until(
      'the autoscaler has seen the pods',
      async () => {
        const path = 'jsonpath={.status.currentMetrics[0].resource.current.averageUtilization}';
        return (await scene.kubectl('get', 'hpa', 'model-serving', '-o', path)) !== '';
      },
      120,
    );

    const heavy = await scene.given.load({ rate: 300, body: BODY });
    await scene.until('load has brought four pods', async () => podsOf(heavy).ready >= 4, 240);
    await scene.until('and is there for a while more', async () => heavy.rows.length >= 45, 240);
    await scene.then.nothingWasLost(heavy);
    const light = await scene.given.load({ rate: 20 });
    await scene.until('two pods are left', async () => podsOf(light).replicas === 2, 900);
    await scene.kubectl('scale', 'deployment', 'model-serving', '--replicas=5');
    const scaledAt = light.rows.length;
    await scene.then.ready(5);
    await scene.until('the autoscaler has taken over again', async () => podsOf(light).replicas === 2, 900);
    await scene.then.nothingWasLost(light);

    const seen = light.rows.slice(scaledAt).map(({ pods }) => pods?.replicas ?? 0);
    assert.deepEqual(withoutRepeats(seen.slice(seen.indexOf(5))), [5, 4, 3, 2]);
    const gap = (heavy.rows.at(-1)?.second ?? 0) + 1;
    const rows = [...heavy.rows, ...light.rows.map((row) => ({ ...row, second: row.second + gap }))];
    scene.say(HEADER);
    for (let start = 0; start < rows.length; start += 5) scene.say(rowOf(rows.slice(start, start + 5)));
    scene.draw(rows, 'load that comes and goes, then kubectl scale --replicas=5');
  },
);

function podsOf(load: RunningLoad): Pods {
  return load.rows.at(-1)?.pods ?? { replicas: 0, ready: 0 };
}

function withoutRepeats(values: readonly number[]): readonly number[] {
  return values.filter((value, index) => value !== values[index - 1]);
}

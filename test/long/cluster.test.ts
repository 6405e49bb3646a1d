import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const top = join(import.meta.dirname, '../..');

/** Runs of `npm run test:cluster` that take too long for every day; each boots the cluster that it asks for. */
const runs: readonly (readonly [sentence: string, ...args: readonly string[]])[] = [
  ...['1.35', '1.36'].map(
    (minor) =>
      [
        `the demo, and the schemas of every manifest, on Kubernetes ${minor}`,
        ...[
          '--minor',
          minor,
          '--only',
          'demo|API server|valid',
          'test/cluster/docs.test.ts',
          'test/cluster/manifests.test.ts',
        ],
      ] as const,
  ),
  [
    'the autoscaler, as fast as Kubernetes and k8s/hpa.yaml have it',
    '--hpa',
    'default',
    'test/cluster/scaling.test.ts',
  ],
  ['100,000 requests through three rollouts', '--only', 'its image, its configuration', 'test/cluster/rollout.test.ts'],
];

for (const [sentence, ...args] of runs) {
  test(sentence, () => {
    const env = { ...process.env, BERTH_TEST_LONG: '1' };
    const result = spawnSync('npm', ['run', 'test:cluster', '--', ...args], { cwd: top, env, stdio: 'inherit' });
    assert.equal(result.status, 0);
  });
}

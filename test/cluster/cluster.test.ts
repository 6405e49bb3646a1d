import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cluster } from './scenario.ts';

// Which cluster is taken, among fake commands on the PATH that write down how they are called.

/** Answers of the fakes, by what they are called with; without one they fail. */
type Fakes = Readonly<Record<string, string>>;

const DOCKER: Fakes = { 'docker version': '', 'kind version': '' };
const KIND_CONFIG = { 'kind get kubeconfig --name berth': 'apiVersion: v1' };

const cases: readonly {
  readonly sentence: string;
  readonly args: string;
  readonly fakes: Fakes;
  readonly code: number;
  readonly says: RegExp;
  readonly calls: readonly string[];
}[] = [
  {
    sentence: 'a context that is named wins over Docker',
    args: 'up --context mine',
    fakes: { ...DOCKER, 'kubectl --context mine get nodes -o name': 'node/a' },
    code: 0,
    says: /the cluster of context mine/,
    calls: ['kubectl --context mine get nodes -o name'],
  },
  {
    sentence: 'a context that does not answer is an error, and no other cluster is taken',
    args: 'up --context mine',
    fakes: DOCKER,
    code: 1,
    says: /the cluster of context mine does not answer/,
    calls: ['kubectl --context mine get nodes -o name'],
  },
  {
    sentence: 'where Docker answers, kind makes the cluster',
    args: 'up --minor 1.36 --nodes 3',
    fakes: {
      ...DOCKER,
      ...KIND_CONFIG,
      'kind get clusters': 'other',
      'kind create cluster --name berth --image kindest/node:v1.36.4 --config - --wait 120s': '',
    },
    code: 0,
    says: /a cluster by kind, Kubernetes 1\.36\.4/,
    calls: [
      'docker version',
      'kind version',
      'kind get clusters',
      'kind create cluster --name berth --image kindest/node:v1.36.4 --config - --wait 120s',
      'kind get kubeconfig --name berth',
    ],
  },
  {
    sentence: 'the cluster that kind made before is taken as it is',
    args: 'up',
    fakes: { ...DOCKER, ...KIND_CONFIG, 'kind get clusters': 'other\nberth' },
    code: 0,
    says: /a cluster by kind/,
    calls: ['docker version', 'kind version', 'kind get clusters', 'kind get kubeconfig --name berth'],
  },
  {
    sentence: 'down deletes the cluster that kind made, and no other',
    args: 'down',
    fakes: { ...DOCKER, 'kind get clusters': 'berth', 'kind delete cluster --name berth': '' },
    code: 0,
    says: /deleted the kind cluster/,
    calls: ['docker version', 'kind version', 'kind get clusters', 'kind delete cluster --name berth'],
  },
  {
    sentence: 'status says that kind has none',
    args: 'status',
    fakes: { ...DOCKER, 'kind get clusters': 'other' },
    code: 1,
    says: /no kind cluster is there/,
    calls: ['docker version', 'kind version', 'kind get clusters'],
  },
  {
    sentence: 'a minor that is not supported is refused',
    args: 'up --minor 1.20',
    fakes: {},
    code: 1,
    says: /--minor is one of 1\.35, 1\.36, 1\.37, not 1\.20/,
    calls: [],
  },
];

for (const { sentence, args, fakes, code, says, calls } of cases) {
  test(sentence, () => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-fakes-'));
    try {
      for (const name of ['docker', 'kind', 'kubectl'])
        writeFileSync(join(folder, name), fake(folder, fakes), { mode: 0o755 });
      const result = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args.split(' ')], {
        encoding: 'utf8',
        env: { PATH: `${folder}:/usr/bin:/bin`, XDG_CACHE_HOME: folder, HOME: folder },
      });
      assert.match(result.stdout + result.stderr, says);
      assert.equal(result.status, code);
      assert.deepEqual(readCalls(folder), calls);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test('a cluster that is there is found by its context', () => {
  const { KUBECONFIG = '' } = process.env;
  const result = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'main.ts'), 'up', '--context', cluster.context],
    {
      encoding: 'utf8',
      env: { ...process.env, KUBECONFIG },
    },
  );
  assert.equal(result.status, 0, result.stderr);
  assert.match(result.stdout, new RegExp(`the cluster of context ${cluster.context}`));
});

function fake(folder: string, answers: Fakes): string {
  const cases = Object.entries(answers).map(([call, answer]) => `  '${call}') printf '%s\\n' '${answer}' ;;`);
  return [
    '#!/bin/sh',
    `call="\${0##*/} $*"`,
    `printf '%s\\n' "$call" >>'${folder}/calls'`,
    // Whoever writes to a program that has ended is told so.
    'case $call in *"--config -"*) cat >/dev/null ;; esac',
    'case $call in',
    ...cases,
    '  *) echo "no such thing" >&2; exit 1 ;;',
    'esac',
  ].join('\n');
}

function readCalls(folder: string): readonly string[] {
  try {
    return readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { type Answers, type Options, runScript } from './run-script.ts';

const { version } = packageJson;
const image = `localhost/berth-server:${version}`;
const ELSEWHERE = 'registry.example.com/berth:1';
const all = ['docker', 'podman', 'buildah', 'kubectl', 'kind', 'minikube', 'ctr'];
const archive = 'TEMP/berth-server.tar';
const built = (engine: string, name = image) => `${engine} --build-arg VERSION=${version} --tag ${name} .`;

/** What kubectl's configuration says of a context: its name, its cluster, its namespace, and who wrote it. */
const context = (text: string): Answers => ({ 'kubectl *config view*': text });
const kind = context('kind-a|kind-a||');
const other = context('far|far.example.com||');
const noDocker: Answers = { 'docker info': { fails: 'Cannot connect to the Docker daemon\n' } };

/** The calls that do something, in order. */
const done = (calls: readonly string[]) => calls.filter((call) => !/ info$|config view/.test(call));

const cases: ReadonlyArray<readonly [does: string, args: string, options: Options, expected: readonly string[]]> = [
  [
    'builds with docker and loads into kind',
    '',
    { answers: kind },
    [built('docker build'), `docker save --output ${archive} ${image}`, `kind load image-archive ${archive} --name a`],
  ],
  [
    'knows kind by the cluster where the context has another name',
    '',
    { answers: context('dev|kind-b|team|') },
    [built('docker build'), `docker save --output ${archive} ${image}`, `kind load image-archive ${archive} --name b`],
  ],
  [
    'takes podman where docker does not answer',
    '',
    { answers: { ...noDocker, ...kind } },
    [
      built('podman build --format docker'),
      `podman save --format docker-archive --output ${archive} ${image}`,
      `kind load image-archive ${archive} --name a`,
    ],
  ],
  [
    'takes buildah where there is nothing else, and minikube by who wrote the context',
    '',
    { commands: ['buildah', 'kubectl', 'minikube'], answers: context('m2|m2||minikube.sigs.k8s.io') },
    [
      built('buildah build --format docker --layers'),
      `buildah push ${image} docker-archive:${archive}:${image}`,
      `minikube image load ${archive} --profile m2`,
    ],
  ],
  ['takes the engine that is asked for', '--engine podman --load none', {}, [built('podman build --format docker')]],
  [
    'loads into the containerd of this machine, without kubectl',
    '--load containerd',
    { commands: ['docker', 'ctr'] },
    [
      built('docker build'),
      `docker save --output ${archive} ${image}`,
      `ctr --namespace k8s.io images import ${archive}`,
    ],
  ],
  [
    'loads another name as well',
    `--image=${ELSEWHERE}`,
    { answers: kind },
    [
      built('docker build', ELSEWHERE),
      `docker save --output ${archive} ${ELSEWHERE}`,
      `kind load image-archive ${archive} --name a`,
    ],
  ],
  [
    'only builds another name for a cluster that takes no image from here',
    `--image ${ELSEWHERE}`,
    { answers: other },
    [built('docker build', ELSEWHERE)],
  ],
  [
    'pushes instead, whatever the cluster is',
    `--image ${ELSEWHERE} --push`,
    { answers: kind },
    [built('docker build', ELSEWHERE), `docker push ${ELSEWHERE}`],
  ],
];

describe('build-images', () => {
  for (const [does, args, options, expected] of cases) {
    test(does, async () => {
      const { code, stderr, calls } = await runScript(`build-images ${args}`.trim(), { commands: all, ...options });
      assert.equal(code, 0, stderr);
      assert.deepEqual(done(calls), expected);
    });
    test(`${does}: --dry-run says exactly that, and does nothing`, async () => {
      const { code, stdout, calls } = await runScript(`build-images --dry-run ${args}`.trim(), {
        commands: all,
        ...options,
      });
      const said = stdout.split('\n').filter((line) => line.startsWith('+ '));
      assert.deepEqual([code, said, done(calls)], [0, expected.map((call) => `+ ${call}`), []]);
    });
  }

  const refusals: ReadonlyArray<readonly [why: string, args: string, options: Options, code: number, says: RegExp]> = [
    [
      'no engine, and says what was tried',
      '',
      { commands: ['docker', 'kubectl'], answers: { ...noDocker, ...kind } },
      1,
      /docker does not answer: Cannot connect.*podman is not installed.*buildah is not installed/s,
    ],
    [
      'an engine that is asked for and is not there',
      '--engine podman',
      { commands: ['docker'] },
      1,
      /podman is not inst/,
    ],
    ['an engine that it does not know', '--engine kaniko', {}, 2, /found kaniko/],
    [
      'a cluster that takes no image from here',
      '',
      { answers: other },
      1,
      /neither kind nor minikube.*deploy --image REGISTRY/s,
    ],
    ['a loader of another cluster', '--load kind', { answers: other }, 1, /context far is no kind cluster/],
    ['a loader that is not there', '', { commands: ['docker', 'kubectl'], answers: kind }, 1, /needs kind/],
    [
      'no context',
      '',
      { answers: { 'kubectl *config view*': { fails: 'error: no context\n' } } },
      1,
      /error: no context/,
    ],
    ['no kubectl', '', { commands: ['docker', 'kind'] }, 1, /kubectl is not installed/],
    ['a push without a registry', '--push', {}, 2, /must begin with a registry/],
    ['a push to a name on this machine', '--push --image localhost/x:1', {}, 2, /must begin with a registry/],
    ['a push and a load', `--push --image ${ELSEWHERE} --load kind`, {}, 2, /exclude each other/],
    ['a name that is none', '--image a|b', {}, 2, /must be the name of an image/],
    [
      'a build that fails',
      '--load none',
      { answers: { 'docker build*': { fails: 'npm ci failed\n' } } },
      1,
      /npm ci failed\nbuild-images: docker failed/,
    ],
  ];
  for (const [why, args, options, code, says] of refusals) {
    test(`refuses ${why}`, async () => {
      const outcome = await runScript(`build-images ${args}`.trim(), { commands: all, ...options });
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, says);
    });
  }
});

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { type Block, readCommands } from '../docs/read-blocks.ts';
import { assertPrints, haveCome } from '../docs/typed.ts';
import { GIVEN } from './given-by-documents.ts';
import { type Scene, scenario, top } from './scenario.ts';
import { openTerminal, type Terminal } from './terminal.ts';

// Types every command of the documents that is run on a cluster, as test/docs/docs.test.ts does with the others. A page is
// one scenario; a part of it for which something is given, such as a pod that crashes, is one of its own.

/** Commands that go on until the reader ends them. */
const GOES_ON = /^kubectl .* (-w|--follow)$/;
/** What only looks is typed again until it shows what the page shows: the reader waits, too. */
const LOOKS = /^kubectl (get|describe|logs|events|top) /;
const PATIENCE_S = 120;

let checkout: string;
before(() => {
  // A copy: what the commands make and change does not stay in the checkout.
  checkout = mkdtempSync(join(tmpdir(), 'berth-docs-'));
  const isLeftOut = (path: string) => ['.git', 'node_modules', 'dist', 'test/output'].includes(path);
  cpSync(top, checkout, { recursive: true, filter: (path) => !isLeftOut(relative(top, path)) });
  symlinkSync(join(top, 'node_modules'), join(checkout, 'node_modules'));
});
after(() => rmSync(checkout, { recursive: true }));

// Here, since port 8000 is one for the machine, and the tests of a file are one after the other.
scenario(
  'demo',
  'Given an empty namespace, when the demo is typed word for word, then it shows what it says',
  async (scene) => {
    const terminal = openTerminal(scene);
    try {
      terminal.type('kubectl apply -f k8s/');
      await terminal.watch('kubectl get pods -w', (shown) => (shown.match(/ 1\/1 +Running/g) ?? []).length >= 2);
      const forward = await terminal.watch(
        'kubectl port-forward svc/model-serving 8000:80',
        (shown) => shown.includes('Forwarding from'),
        'go on',
      );
      const answer = terminal.type('curl http://localhost:8000/predict');
      await forward();
      assert.equal(JSON.parse(answer).predictions[0].label, 'setosa');
      terminal.type('kubectl scale deployment model-serving --replicas=5');
      await scene.then.ready(5);
      await terminal.watch('kubectl get hpa -w', (shown) => /cpu: \d+%\/70% +2 +10 +\d/.test(shown));
    } finally {
      terminal.end();
    }
  },
);

const parts = new Map<string, Block[]>();
for (const { document, blocks } of readCommands(top)) {
  for (const block of blocks.filter(({ place }) => place === 'cluster')) {
    const part = `${document}, ${block.heading}`;
    const key = part in GIVEN ? part : document;
    parts.set(key, [...(parts.get(key) ?? []), block]);
  }
}

test('whatever is given is for a part of a document that is there', () => {
  for (const part of Object.keys(GIVEN)) assert.ok(parts.has(part), part);
});

for (const [part, blocks] of parts) {
  const id = `docs-${basename(part.toLowerCase()).replaceAll(/[^a-z]+/g, '-')}`.slice(0, 50).replace(/-$/, '');
  scenario(id, `Given ${part}, when its commands are typed, then they show what it says`, async (scene) => {
    await GIVEN[part]?.(scene);
    const terminal = openTerminal(scene, checkout);
    try {
      await read(scene, terminal, part, blocks);
    } finally {
      terminal.end();
    }
  });
}

async function read(scene: Scene, terminal: Terminal, part: string, blocks: readonly Block[]): Promise<void> {
  let endForward = async () => {};
  scene.afterwards(() => endForward());
  for (const block of blocks) {
    // The test brings the image into the cluster by itself.
    const script = block.text.replaceAll(/^scripts\/deploy$/gm, 'scripts/deploy --no-build');
    if (script.includes('kubectl drain ')) scene.afterwards(() => scene.kubectl('uncordon', '-l', 'kubernetes.io/os'));
    try {
      if (script.startsWith('kubectl port-forward ')) {
        await endForward();
        endForward = await terminal.watch(script, (shown) => shown.includes('Forwarding from'), 'go on');
      } else if (GOES_ON.test(script)) {
        await terminal.watch(script, (shown) => haveCome(block.prints?.text ?? '', shown));
      } else if (script.split('\n').every((line) => LOOKS.test(line))) {
        await untilPrints(scene, terminal, block);
      } else {
        assertPrints(block, terminal.type(script));
      }
    } catch (error) {
      throw new Error(`${part}, line ${block.line}: ${(error as Error).message}`, { cause: error });
    }
  }
}

async function untilPrints(scene: Scene, terminal: Terminal, block: Block): Promise<void> {
  let problem: unknown;
  const isSo = async () => {
    try {
      assertPrints(block, terminal.type(block.text));
      return true;
    } catch (error) {
      problem = error;
      return false;
    }
  };
  await scene.until('it shows what the page shows', isSo, PATIENCE_S).catch(() => {
    throw problem;
  });
}

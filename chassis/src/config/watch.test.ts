import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { mount } from '../testing/mount.ts';
import { watchFile, watchFolder } from './watch.ts';

const LOOK_MS = 5;
/** Long enough for several looks. */
const AWHILE_MS = 60;

type Watched = {
  readonly folder: string;
  readonly path: string;
  readonly changes: () => number;
  readonly end: () => void;
};

/** Watches `berth.yaml` in a folder of its own, or that folder, after `make` has filled it. */
async function watched(t: TestContext, make: (folder: string) => void, watch = watchFile): Promise<Watched> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-watch-'));
  make(folder);
  let changes = 0;
  const path = join(folder, 'berth.yaml');
  const end = watch(watch === watchFile ? path : folder, LOOK_MS, () => {
    changes++;
  });
  t.after(() => {
    end();
    for (const made of [folder, `${folder}-gone`]) rmSync(made, { recursive: true, force: true });
  });
  await sleep(AWHILE_MS);
  return { folder, path, changes: () => changes, end };
}

const aFile = (folder: string) => writeFileSync(join(folder, 'berth.yaml'), 'a: 1\n');

const aVolume = (folder: string) => mount(folder, 'berth.yaml', 1, 'a: 1\n');

const cases: ReadonlyArray<
  readonly [does: string, make: (folder: string) => void, change: (watched: Watched) => void, tells: boolean]
> = [
  ['is silent while nothing happens', aFile, () => {}, false],
  ['tells of another content', aFile, ({ path }) => writeFileSync(path, 'a: 2, longer\n'), true],
  ['tells of a content of the same size', aFile, ({ path }) => writeFileSync(path, 'a: 2\n'), true],
  [
    'tells of a file put in its place, even one as old and as long',
    aFile,
    ({ folder, path }) => {
      writeFileSync(join(folder, 'new'), 'a: 2\n');
      utimesSync(path, 1, 1);
      utimesSync(join(folder, 'new'), 1, 1);
      renameSync(join(folder, 'new'), path);
    },
    true,
  ],
  [
    'follows a ConfigMap volume to its new content',
    aVolume,
    ({ folder }) => mount(folder, 'berth.yaml', 2, 'a: 2\n'),
    true,
  ],
  ['waits while the file is away', aFile, ({ path }) => rmSync(path), false],
  ['tells of a file that was not there at first', () => {}, ({ folder }) => aFile(folder), true],
  [
    'is silent after its end',
    aFile,
    ({ path, end }) => {
      end();
      writeFileSync(path, 'a: 2, longer\n');
    },
    false,
  ],
];

const folderCases: typeof cases = [
  ['is silent while nothing happens', aFile, () => {}, false],
  ['is silent while there is nothing', () => {}, () => {}, false],
  ['tells of another content', aFile, ({ path }) => writeFileSync(path, 'a: 2\n'), true],
  ['tells of another file', aFile, ({ folder }) => writeFileSync(join(folder, 'b.yaml'), ''), true],
  ['tells of a first file', () => {}, ({ folder }) => aFile(folder), true],
  ['tells of another name', aFile, ({ folder, path }) => renameSync(path, join(folder, 'b.yaml')), true],
  ['tells that the file is gone', aFile, ({ path }) => rmSync(path), true],
  ['tells that the folder is gone', aFile, ({ folder }) => renameSync(folder, `${folder}-gone`), true],
  ['does not look at names with a dot', aFile, ({ folder }) => writeFileSync(join(folder, '.hidden'), ''), false],
  [
    'follows a Secret’s volume to its new content',
    aVolume,
    ({ folder }) => mount(folder, 'berth.yaml', 2, 'a: 2\n'),
    true,
  ],
];

for (const [watch, table] of [
  [watchFile, cases],
  [watchFolder, folderCases],
] as const) {
  for (const [does, make, change, tells] of table) {
    test(`${watch.name} ${does}`, async (t) => {
      const file = await watched(t, make, watch);
      assert.equal(file.changes(), 0);
      change(file);
      for (let waits = 0; waits === 0 || (tells && file.changes() === 0 && waits < 50); waits++) await sleep(AWHILE_MS);
      // A file written in place can be seen empty first, which is a change of its own.
      assert.equal(file.changes() > 0, tells);
    });
  }
}

test('watchFile tells of a file that comes back changed', async (t) => {
  const file = await watched(t, aFile);
  rmSync(file.path);
  await sleep(AWHILE_MS);
  assert.equal(file.changes(), 0);
  writeFileSync(file.path, 'a: 2, longer\n');
  await sleep(AWHILE_MS);
  assert.ok(file.changes() > 0);
});

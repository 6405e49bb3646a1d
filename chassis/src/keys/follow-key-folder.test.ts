import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../log/index.ts';
import { mount } from '../testing/mount.ts';
import { followKeyFolder, KeysError } from './follow-key-folder.ts';
import { digestOf } from './key-ring.ts';

const LOOK_MS = 5;

/** The line of a key that is called as it reads. */
const line = (key: string, models = '*') => `${key} sha256:${digestOf(key)} ${models}\n`;

function aFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-keys-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function follow(t: TestContext, folder: string) {
  const lines: string[] = [];
  const log = createLogger({
    level: 'debug',
    format: 'json',
    write: (text) => lines.push(text),
    now: () => new Date(0),
  });
  const followed = followKeyFolder({ folder, lookMs: LOOK_MS, log });
  t.after(followed.stop);
  const logged = () => lines.map((text) => JSON.parse(text));
  return {
    /** What the ring says of who comes with this key, or without one. */
    caller: (key?: string) => followed.ring.callerOf(key && `Bearer ${key}`).kind,
    logged,
    /** Waits for a further line of the log. */
    next: async () => {
      const before = lines.length;
      for (let waits = 0; lines.length === before && waits < 500; waits++) await sleep(LOOK_MS);
      return logged().at(-1);
    },
  };
}

const starts: ReadonlyArray<readonly [what: string, fill: (folder: string) => void, keyless: string, withOne: string]> =
  [
    ['no folder', (folder) => rmSync(folder, { recursive: true }), 'anyone', 'anyone'],
    ['an empty folder', () => {}, 'anyone', 'anyone'],
    [
      'only folders and hidden files',
      (folder) => {
        mkdirSync(join(folder, 'more'));
        writeFileSync(join(folder, '.keys'), line('one'));
      },
      'anyone',
      'anyone',
    ],
    ['an empty file', (folder) => writeFileSync(join(folder, 'keys'), ''), 'keyless', 'unknownKey'],
    ['a file', (folder) => writeFileSync(join(folder, 'keys'), line('one')), 'keyless', 'known'],
    [
      'two files',
      (folder) => {
        writeFileSync(join(folder, 'a'), line('one'));
        writeFileSync(join(folder, 'b'), line('two'));
      },
      'keyless',
      'known',
    ],
    ['a Secret’s volume', (folder) => mount(folder, 'keys', 1, line('one')), 'keyless', 'known'],
  ];

for (const [what, fill, keyless, withOne] of starts) {
  test(`with ${what}, who comes without a key is ${keyless}, and with one ${withOne}`, (t) => {
    const folder = aFolder(t);
    fill(folder);
    const { caller } = follow(t, folder);
    assert.deepEqual([caller(), caller('one')], [keyless, withOne]);
  });
}

const refused: ReadonlyArray<readonly [what: string, fill: (folder: string) => void, message: RegExp]> = [
  [
    'a mistake',
    (folder) => writeFileSync(join(folder, 'keys'), 'my-secret-key'),
    /\/keys: line 1: expected .* found 1 word$/,
  ],
  [
    'a file over 1 MiB',
    (folder) => writeFileSync(join(folder, 'keys'), '\n'.repeat(2 ** 20 + 1)),
    /\/keys: expected at most 1048576 bytes, found 1048577$/,
  ],
  [
    'bytes that are no text',
    (folder) => writeFileSync(join(folder, 'keys'), Buffer.of(0xff)),
    /\/keys: expected UTF-8 text, found other bytes$/,
  ],
  [
    'a link to nothing',
    (folder) => symlinkSync('nothing', join(folder, 'keys')),
    /\/keys: expected a readable file, found ENOENT/,
  ],
  [
    'a file for a folder',
    (folder) => {
      rmSync(folder, { recursive: true });
      writeFileSync(folder, line('one'));
    },
    /expected a folder of key files, found ENOTDIR/,
  ],
];

for (const [what, fill, message] of refused) {
  test(`a start with ${what} is refused, and says why`, (t) => {
    const folder = aFolder(t);
    fill(folder);
    assert.throws(
      () => follow(t, folder),
      (error) => error instanceof KeysError && message.test(error.message) && !error.message.includes('secret'),
    );
  });
}

test('a swapped Secret is taken over, and the log has how many keys there are and their names', async (t) => {
  const folder = aFolder(t);
  mount(folder, 'keys', 1, line('one'));
  const { caller, logged, next } = follow(t, folder);
  await sleep(10 * LOOK_MS);
  mount(folder, 'keys', 2, line('two') + line('three'));
  const { level, message, keys, names } = await next();
  assert.deepEqual([level, message, keys, names], ['info', 'keys in force', 2, ['three', 'two']]);
  assert.deepEqual([caller('one'), caller('two')], ['unknownKey', 'known']);
  assert.ok(!JSON.stringify(logged()).includes(digestOf('two')));
});

test('keys that come later are asked for from then on', async (t) => {
  const folder = aFolder(t);
  const { caller, next } = follow(t, folder);
  await sleep(10 * LOOK_MS);
  assert.equal(caller(), 'anyone');
  writeFileSync(`${folder}-new`, line('one'));
  renameSync(`${folder}-new`, join(folder, 'keys'));
  await next();
  assert.deepEqual([caller(), caller('one')], ['keyless', 'known']);
});

test('a mistake changes nothing, and the log has where it is and not what it is', async (t) => {
  const folder = aFolder(t);
  mount(folder, 'keys', 1, line('one'));
  const { caller, next } = follow(t, folder);
  await sleep(10 * LOOK_MS);
  mount(folder, 'keys', 2, `${line('two')}my-secret-key\n`);
  const { level, message, problems } = await next();
  assert.deepEqual([level, message], ['error', 'keys not taken over']);
  assert.match(problems[0], /\/keys: line 2: expected .*, found 1 word$/);
  assert.deepEqual([caller('one'), caller('two')], ['known', 'unknownKey']);
});

for (const [what, remove] of [
  ['the file', (folder: string) => rmSync(join(folder, 'keys'))],
  ['the folder', (folder: string) => rmSync(folder, { recursive: true })],
] as const) {
  test(`when ${what} is gone, the last keys stay in force, and a warning says so`, async (t) => {
    const folder = aFolder(t);
    mount(folder, 'keys', 1, line('one'));
    const { caller, next } = follow(t, folder);
    await sleep(10 * LOOK_MS);
    remove(folder);
    const { level, message, names } = await next();
    assert.deepEqual([level, message, names], ['warn', 'key files are gone: the last keys stay in force', ['one']]);
    assert.deepEqual([caller(), caller('one')], ['keyless', 'known']);
  });
}

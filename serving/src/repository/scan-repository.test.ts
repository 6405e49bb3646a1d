import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { RepositoryError, scanRepository, selectVersions } from './scan-repository.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A repository with these files, and these links (from → to). */
function aRepository(files: readonly string[], links: Readonly<Record<string, string>> = {}): string {
  const top = mkdtempSync(join(tmpdir(), 'berth-repository-'));
  folders.push(top);
  for (const file of files) {
    mkdirSync(dirname(join(top, file)), { recursive: true });
    writeFileSync(join(top, file), '');
  }
  for (const [from, to] of Object.entries(links)) {
    mkdirSync(dirname(join(top, from)), { recursive: true });
    symlinkSync(to, join(top, from));
  }
  return top;
}

const seen = (top: string) =>
  scanRepository(top).map(({ name, versions, settingsFile, problem }) => ({
    name,
    versions: versions.map(({ version }) => version),
    hasSettings: settingsFile !== undefined,
    ...(problem !== undefined && { problem }),
  }));

describe('scanRepository', () => {
  const cases: ReadonlyArray<readonly [does: string, files: readonly string[], expected: unknown]> = [
    [
      'finds versions in numeric order',
      ['a/10/model.onnx', 'a/9/model.onnx', 'a/2/model.onnx'],
      [{ name: 'a', versions: ['2', '9', '10'], hasSettings: false }],
    ],
    [
      'takes a model without version folders as version 1',
      ['a/model.onnx', 'a/serving.yaml'],
      [{ name: 'a', versions: ['1'], hasSettings: true }],
    ],
    [
      'finds several models by name',
      ['b/1/model.onnx', 'a/1/model.onnx'],
      [
        { name: 'a', versions: ['1'], hasSettings: false },
        { name: 'b', versions: ['1'], hasSettings: false },
      ],
    ],
    [
      'passes over files and over names that begin with a dot',
      ['README.md', '.git/x', '..data/a/model.onnx', 'a/model.onnx'],
      [{ name: 'a', versions: ['1'], hasSettings: false }],
    ],
    [
      'passes over folders that are no versions',
      ['a/1/model.onnx', 'a/01/x', 'a/0/x', 'a/old/x', 'a/-1/x'],
      [{ name: 'a', versions: ['1'], hasSettings: false }],
    ],
    [
      'says that a model has both forms',
      ['a/model.onnx', 'a/1/model.onnx'],
      [
        {
          name: 'a',
          versions: ['1'],
          hasSettings: false,
          problem: 'a has both model.onnx and version folders: move the file into one',
        },
      ],
    ],
    [
      'says which file to rename',
      ['a/iris.onnx'],
      [
        {
          name: 'a',
          versions: [],
          hasSettings: false,
          problem: 'a has no model.onnx and no version folder: rename iris.onnx',
        },
      ],
    ],
    [
      'says what it found instead',
      ['a/model.pkl'],
      [
        {
          name: 'a',
          versions: [],
          hasSettings: false,
          problem: 'a has no model.onnx and no version folder: found model.pkl',
        },
      ],
    ],
  ];
  for (const [does, files, expected] of cases) {
    test(does, () => assert.deepEqual(seen(aRepository(files)), expected));
  }

  test('reads a ConfigMap volume, whose names are links into a dated folder', () => {
    const top = aRepository(['..2026_11_24/model.onnx'], { '..data': '..2026_11_24', a: '..data' });
    assert.deepEqual(seen(top), [{ name: 'a', versions: ['1'], hasSettings: false }]);
  });

  test('goes on past a link to nothing, a link to itself, and lost+found', () => {
    const top = aRepository(['a/model.onnx', 'lost+found/x'], { b: 'nowhere', c: 'c' });
    const problems = scanRepository(top).map(({ name, problem }) => [name, problem?.replaceAll(top, '')]);
    assert.deepEqual(problems, [
      ['a', undefined],
      ['b', "b cannot be read: ENOENT: no such file or directory, stat '/b'"],
      ['c', "c cannot be read: ELOOP: too many symbolic links encountered, stat '/c'"],
    ]);
  });

  test('refuses a serving.yaml that is a link out of the repository', () => {
    const outside = aRepository(['secret.yaml']);
    const top = aRepository(['a/model.onnx'], { 'a/serving.yaml': join(outside, 'secret.yaml') });
    const [model] = scanRepository(top);
    assert.deepEqual([model?.settingsFile, model?.problem], [undefined, 'a/serving.yaml leads out of the repository']);
  });

  test('refuses a model that is a link out of the repository', () => {
    const outside = aRepository(['x/model.onnx']);
    const top = aRepository(['a/model.onnx'], { b: join(outside, 'x') });
    assert.equal(scanRepository(top)[1]?.problem, 'the folder b leads out of the repository');
  });

  const refusals: ReadonlyArray<readonly [does: string, make: () => string, sentence: RegExp]> = [
    [
      'a folder that is not there',
      () => '/nowhere/models',
      /the model repository \/nowhere\/models cannot be read: ENOENT/,
    ],
    ['an empty folder', () => aRepository([]), /has no models: expected <model>\/model\.onnx or/],
    [
      'a model in place of a repository',
      () => aRepository(['model.onnx']),
      /has no models: it is itself a model: give the folder above it/,
    ],
    ['a file', () => join(aRepository(['f']), 'f'), /is a file: give the folder that holds/],
  ];
  for (const [what, make, sentence] of refusals) {
    test(`refuses ${what}`, () =>
      assert.throws(
        () => scanRepository(make()),
        (error) => error instanceof RepositoryError && sentence.test(error.message),
      ));
  }
});

describe('selectVersions', () => {
  const versions = ['1', '2', '5'].map((version) => ({ version, folder: `/m/${version}` }));
  const cases: ReadonlyArray<readonly [does: string, policy: Parameters<typeof selectVersions>[1], expected: unknown]> =
    [
      ['takes the latest when nothing is said', undefined, ['5']],
      ['takes the latest', 'latest', ['5']],
      ['takes all', 'all', ['1', '2', '5']],
      ['takes those that are named', [5, 1], ['1', '5']],
      ['says which are missing', [2, 3, 4], 'versions: expected folders 3, 4, found 1, 2, 5'],
    ];
  for (const [does, policy, expected] of cases) {
    test(does, () => {
      const selected = selectVersions(versions, policy);
      assert.deepEqual(selected.ok ? selected.versions.map(({ version }) => version) : selected.problem, expected);
    });
  }
});

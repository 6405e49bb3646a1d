import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readYaml } from './read-yaml.ts';

const folder = mkdtempSync(join(tmpdir(), 'berth-yaml-'));
const path = join(folder, 'berth.yaml');
after(() => rmSync(folder, { recursive: true }));

const readText = (text: string) => {
  writeFileSync(path, text);
  return readYaml(path);
};

const values: ReadonlyArray<readonly [what: string, text: string, value: unknown]> = [
  ['an empty file', '', null],
  ['a file of comments', '# nothing\n', null],
  ['an object', 'httpPort: 80\nmodels: "1"\n', { httpPort: 80, models: '1' }],
  ['a list', '- 1\n- a\n', [1, 'a']],
  ['JSON', '{"httpPort": 80}', { httpPort: 80 }],
  ['words that YAML 1.1 took for booleans', 'a: no\nb: on\n', { a: 'no', b: 'on' }],
  ['an alias', 'a: &x [1]\nb: *x\n', { a: [1], b: [1] }],
  ['a byte order mark', '\ufeffa: 1\n', { a: 1 }],
];

for (const [what, text, value] of values) {
  test(`readYaml reads ${what}`, async () => assert.deepEqual(await readText(text), { ok: true, value }));
}

const lines = (count: number) => Array.from({ length: count }, (_, at) => at);
const bomb = ['a0: &a0 [x]', ...lines(9).map((at) => `a${at + 1}: &a${at + 1} [${'*a'.concat(`${at}, `).repeat(9)}]`)];

const broken: ReadonlyArray<readonly [what: string, text: string, expected: string, found: RegExp]> = [
  ['a list that does not end', 'a: 1\nb: [\n', 'YAML', /^[^\n]+ at line \d+, column \d+$/],
  ['a wrong indent', 'a:\n  b: 1\n c: 2\n', 'YAML', /^[^\n]+ at line 3, column 1$/],
  ['a tab as indent', 'a:\n\tb: 1\n', 'YAML', /^Tabs are not allowed as indentation at line 2, column 1$/],
  ['the same key twice', 'a: 1\nb: 2\na: 3\n', 'YAML', /^Map keys must be unique at line 3, column 1$/],
  ['two documents', 'a: 1\n---\nb: 2\n', 'YAML', /^[^\n]*multiple documents[^\n]*$/],
  ['an alias of nothing', 'a: *x\n', 'YAML whose aliases can be followed', /^Unresolved alias/],
  ['a bomb of aliases', bomb.join('\n'), 'YAML whose aliases can be followed', /^Excessive alias count/],
];

for (const [what, text, expected, found] of broken) {
  test(`readYaml tells of ${what}`, async () => {
    const checked = await readText(text);
    assert.ok(!checked.ok);
    assert.equal(checked.problems.length, 1);
    const [problem] = checked.problems;
    assert.deepEqual([problem?.field, problem?.expected], [path, expected]);
    assert.match(problem?.found ?? '', found);
  });
}

for (const [what, name, found] of [
  ['a file that is not there', join(folder, 'missing.yaml'), /ENOENT/],
  ['a folder', folder, /EISDIR/],
] as const) {
  test(`readYaml tells of ${what}`, async () => {
    const checked = await readYaml(name);
    assert.ok(!checked.ok);
    const [problem] = checked.problems;
    assert.deepEqual([problem?.field, problem?.expected], [name, 'a readable file']);
    assert.match(problem?.found ?? '', found);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBlocks } from './read-blocks.ts';

const page = (first: string, mark: string) =>
  `# A page\n\n${first}\n\n## A part\n\n${mark}\n\nMore.\n\n\`\`\`sh\nls\n\`\`\`\n`;
const above = (mark: string) => `More.\n\n${mark}\n\n\`\`\`sh\npwd\n\`\`\`\n`;

const cases: readonly (readonly [where: string, markdown: string, places: readonly string[]])[] = [
  ['here when nothing else is said', page('Text.', 'More.'), ['here']],
  ['where the first paragraph of the page says', page('*Run on a cluster by a test.*', 'More.'), ['cluster']],
  ['where the first paragraph of its part says', page('Text.', '*Run on a cluster by a test.*'), ['cluster']],
  [
    'where the paragraph above it says',
    `${page('*Run on a cluster.*', 'More.')}\n${above('*Not run here: needs Docker.*')}`,
    ['cluster', 'nowhere'],
  ],
];
for (const [where, markdown, places] of cases) {
  test(`a block is run ${where}`, () => {
    const blocks = readBlocks(markdown);
    assert.deepEqual(
      blocks.map(({ place }) => place),
      places,
    );
    assert.equal(blocks[0]?.heading, 'A part');
  });
}

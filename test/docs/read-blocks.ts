import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A fenced block of a document, with what stands around it. */
export type Block = {
  readonly line: number;
  /** The heading that it stands under. */
  readonly heading: string;
  readonly language: string;
  readonly text: string;
  /** Where it is run, as the document says: on a cluster, or nowhere, with what that would need. */
  readonly place: Place;
  /** The block right below, when it is what this one prints. */
  readonly prints: { readonly language: string; readonly text: string } | undefined;
};

export type Place = 'here' | 'cluster' | 'nowhere';

/** What a paragraph says of the block below it; the first one under a heading, of all that stands there. */
const MARKS: readonly (readonly [RegExp, Place])[] = [
  [/^[*_](not run here|run by hand): needs /i, 'nowhere'],
  [/^[*_]run on a cluster\b/i, 'cluster'],
];

/** What the documents of a checkout have a reader type, in the order of the pages. */
export function readCommands(checkout: string): readonly { readonly document: string; readonly blocks: Block[] }[] {
  const files = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'];
  return execFileSync('git', files, { cwd: checkout, encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((document) => ({
      document,
      blocks: readBlocks(readFileSync(join(checkout, document), 'utf8')).filter(({ language }) => language === 'sh'),
    }))
    .filter(({ blocks }) => blocks.length > 0);
}

/** The fenced blocks of a Markdown document, in order. */
export function readBlocks(markdown: string): readonly Block[] {
  const lines = markdown.split('\n');
  const found: (Omit<Block, 'prints'> & { readonly end: number })[] = [];
  const firstBelow = (at: number) => placeOf(lines.slice(at + 1).find((line) => line !== '') ?? '');
  const ofPage = firstBelow(lines.findIndex((line) => line.startsWith('# '))) ?? 'here';
  let paragraph = '';
  let heading = '';
  let ofPart = ofPage;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string;
    if (!line.startsWith('```')) {
      if (line.startsWith('#')) {
        heading = line.replace(/^#+ /, '');
        ofPart = firstBelow(at) ?? ofPage;
      }
      if (line !== '') paragraph = lines[at - 1] === '' ? line : `${paragraph} ${line}`;
      continue;
    }
    const end = lines.indexOf('```', at + 1);
    found.push({
      line: at + 1,
      heading,
      language: line.slice(3),
      text: lines.slice(at + 1, end).join('\n'),
      place: placeOf(paragraph) ?? ofPart,
      end,
    });
    paragraph = '';
    at = end;
  }
  return found.map(({ end, ...block }, at) => {
    const next = found[at + 1];
    const isBelow = next !== undefined && next.line === end + 3 && next.language !== 'sh';
    return { ...block, prints: isBelow ? { language: next.language, text: next.text } : undefined };
  });
}

function placeOf(paragraph: string): Place | undefined {
  return MARKS.find(([mark]) => mark.test(paragraph))?.[1];
}

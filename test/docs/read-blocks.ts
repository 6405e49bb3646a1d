/** A fenced block of a document, with what stands around it. */
export type Block = {
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** The document says that this is not run, and what it would need. */
  readonly isMarked: boolean;
  /** The block right below, when it is what this one prints. */
  readonly prints: { readonly language: string; readonly text: string } | undefined;
};

const MARK = /^[*_](not run here|run by hand): needs /i;

/** The fenced blocks of a Markdown document, in order. */
export function readBlocks(markdown: string): readonly Block[] {
  const lines = markdown.split('\n');
  const found: (Omit<Block, 'prints'> & { readonly end: number })[] = [];
  let paragraph = '';
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string;
    if (!line.startsWith('```')) {
      if (line !== '') paragraph = lines[at - 1] === '' ? line : `${paragraph} ${line}`;
      continue;
    }
    const end = lines.indexOf('```', at + 1);
    found.push({
      line: at + 1,
      language: line.slice(3),
      text: lines.slice(at + 1, end).join('\n'),
      isMarked: MARK.test(paragraph),
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

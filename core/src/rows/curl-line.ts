/** A body longer than this is no line to read. */
const MAX_BODY = 1000;

/** A line to paste into a shell that posts a body; one that is too long goes into a file first. */
export function curlLine(url: string, body: string): string {
  const data = body.length <= MAX_BODY ? quoted(body) : '@body.json';
  return `curl ${/^[\w.:/%-]+$/.test(url) ? url : quoted(url)} -d ${data}`;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** A body longer than this is no line to read. */
const MAX_BODY = 1000;

/** The line takes the key from the shell: answers and logs have none. */
const KEY_HEADER = ' -H "Authorization: Bearer $KEY"';

/** A line to paste into a shell that posts a body, if there is one; one that is too long goes into a file first. */
export function curlLine(url: string, body?: string, needsKey = false): string {
  const data = body === undefined ? '' : ` -d ${body.length <= MAX_BODY ? quoted(body) : '@body.json'}`;
  return `curl${needsKey ? KEY_HEADER : ''} ${/^[\w.:/%-]+$/.test(url) ? url : quoted(url)}${data}`;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

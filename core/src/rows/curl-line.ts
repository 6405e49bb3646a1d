/** A body longer than this is no line to read. */
const MAX_BODY = 1000;

/** A line to paste into a shell that posts a body; one that is too long goes into a file first. */
export function curlLine(url: string, body: string): string {
  return body.length <= MAX_BODY ? `curl ${url} -d '${body.replaceAll("'", "'\\''")}'` : `curl ${url} -d @body.json`;
}

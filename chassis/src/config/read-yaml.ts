import { readFileSync } from 'node:fs';
import type { Checked } from '@berth/core/schema';

/**
 * Reads a YAML file into a value. A file that is not there or not YAML is a problem with the line and column, not an
 * exception. The YAML library is loaded only when there is a file: importing it costs a tenth of a server's start.
 */
export async function readYaml(path: string): Promise<Checked<unknown>> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return problem(path, 'a readable file', (error as Error).message);
  }
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined)
    return problem(path, 'YAML', error.message.split('\n')[0]?.replace(/:$/, '') ?? 'something else');
  try {
    return { ok: true, value: document.toJS({ maxAliasCount: 100 }) };
  } catch (failure) {
    return problem(path, 'YAML with few aliases', (failure as Error).message);
  }
}

function problem(field: string, expected: string, found: string): Checked<never> {
  return { ok: false, problems: [{ field, expected, found }] };
}

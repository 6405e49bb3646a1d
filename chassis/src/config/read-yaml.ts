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
  const document = parseDocument(text);
  const [error] = document.errors;
  // The first line says what and where; those after it show the place.
  if (error !== undefined) return problem(path, 'YAML', error.message.replace(/:?\n.*/s, ''));
  try {
    return { ok: true, value: document.toJS({ maxAliasCount: 100 }) };
  } catch (failure) {
    return problem(path, 'YAML whose aliases can be followed', (failure as Error).message);
  }
}

function problem(field: string, expected: string, found: string): Checked<never> {
  return { ok: false, problems: [{ field, expected, found }] };
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

type Json = { [key: string]: Json } | readonly Json[] | string | number | boolean | null;
type Definition = Readonly<Record<string, Json>>;

/** Where kubeconform finds the schemas of a minor. */
export const SCHEMAS = join(import.meta.dirname, 'schemas');

const PREFIX = '#/definitions/';

/**
 * The strict JSON schemas of the kinds in `k8s/`, by file, from the OpenAPI document of an API server: fields that it does
 * not know are refused.
 */
export function schemasOf(openApi: string, kinds: readonly string[]): Readonly<Record<string, string>> {
  const definitions: Readonly<Record<string, Definition>> = JSON.parse(openApi).definitions;
  const found = kinds.map((key) => {
    const [apiVersion = '', kind = ''] = key.split(' ');
    const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    const isIt = (name: Json) => JSON.stringify(name) === JSON.stringify({ group, kind, version });
    const entry = Object.entries(definitions).find(([, { 'x-kubernetes-group-version-kind': names }]) =>
      Array.isArray(names) ? names.some(isIt) : false,
    );
    if (!entry) throw new Error(`the API server knows no ${key}`);
    const file = [kind, group.split('.')[0], version].filter(Boolean).join('-').toLowerCase();
    return [`${file}.json`, wholeSchema(entry[0], definitions)] as const;
  });
  return Object.fromEntries(found);
}

/** The kinds of every object in the YAML files of a folder and those below, such as `apps/v1 Deployment`. */
export function kindsIn(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
  const objects = files.flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8')));
  return [...new Set(objects.map((object) => `${object.get('apiVersion')} ${object.get('kind')}`))].sort();
}

/** A definition with all that it refers to. */
function wholeSchema(name: string, definitions: Readonly<Record<string, Definition>>): string {
  const reached = new Map<string, Json>();
  const reach = (next: string): void => {
    if (reached.has(next)) return;
    reached.set(next, null);
    reached.set(next, strict(next, definitions[next] ?? {}, reach));
  };
  reach(name);
  const sorted = [...reached].sort(([a], [b]) => a.localeCompare(b));
  return `${JSON.stringify({ $ref: `${PREFIX}${name}`, definitions: Object.fromEntries(sorted) })}\n`;
}

function strict(name: string, definition: Definition, reach: (name: string) => void): Json {
  // A quantity of 1 is as good as one of "1".
  return name.endsWith('.Quantity') ? { type: ['string', 'number'] } : withoutProse(definition, reach);
}

/** The schema without what is only for readers and for other programs. */
function withoutProse(value: Json, reach: (name: string) => void): Json {
  if (Array.isArray(value)) return value.map((each) => withoutProse(each, reach));
  if (typeof value !== 'object' || value === null) return value;
  const { format, properties, 'x-kubernetes-preserve-unknown-fields': takesAll } = value as Definition;
  if (format === 'int-or-string') return { type: ['string', 'integer'] };
  const kept = Object.entries(value as Definition).filter(
    ([key]) => !/^(description|default|format|x-kubernetes-.*)$/.test(key),
  );
  const closed = properties && !takesAll ? { additionalProperties: false } : {};
  return Object.assign(
    Object.fromEntries(
      kept.map(([key, each]) => {
        if (key === '$ref' && typeof each === 'string') reach(each.slice(PREFIX.length));
        // The names of properties are not words of the schema.
        if (key === 'properties')
          return [key, mapValues(each as Definition, (property) => withoutProse(property, reach))];
        return [key, withoutProse(each, reach)];
      }),
    ),
    closed,
  );
}

function mapValues(object: Definition, change: (value: Json) => Json): Json {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}

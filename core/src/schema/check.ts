import { expectation, type Problem, type Schema, type ValueOf } from './schema.ts';
import { closest } from './suggest.ts';

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Holds a parsed value against a schema and reports every problem, not only the first. */
export function check<S extends Schema>(schema: S, value: unknown, path = ''): Checked<ValueOf<S>> {
  const problems = problemsIn(schema, value, path);
  return problems.length === 0 ? { ok: true, value: value as ValueOf<S> } : { ok: false, problems };
}

/** Every problem that {@link check} would report. */
export function problemsIn(schema: Schema, value: unknown, path = ''): readonly Problem[] {
  const field = path === '' ? 'the document' : path;
  const mismatch = [{ field, expected: expectation(schema), found: shown(value) }];
  switch (schema.kind) {
    case 'anything':
      return [];
    case 'text':
      return typeof value === 'string' && (schema.pattern?.test(value) ?? true) ? [] : mismatch;
    case 'integer':
      return Number.isSafeInteger(value) && (value as number) >= schema.min && (value as number) <= schema.max
        ? []
        : mismatch;
    case 'choice':
      return schema.of.includes(value as string) ? [] : mismatch;
    case 'either':
      return schema.of.some((option) => problemsIn(option, value, path).length === 0) ? [] : mismatch;
    case 'boolean':
      return typeof value === 'boolean' ? [] : mismatch;
    case 'list': {
      if (!Array.isArray(value) || value.length < (schema.min ?? 0)) return mismatch;
      const repeated = schema.unique ? firstRepeated(value) : undefined;
      return [
        ...value.flatMap((item, at) => problemsIn(schema.of, item, `${path}[${at}]`)),
        ...(repeated === undefined ? [] : [{ field, expected: 'each entry once', found: `${repeated} twice` }]),
      ];
    }
    case 'map':
      return isRecord(value)
        ? Object.entries(value).flatMap(([key, item]) => problemsIn(schema.of, item, join(path, key)))
        : mismatch;
    case 'object': {
      if (!isRecord(value)) return mismatch;
      return Object.entries(value).flatMap(([key, item]) => {
        const known = Object.hasOwn(schema.fields, key) ? schema.fields[key] : undefined;
        return known === undefined
          ? [unknownField(schema.fields, key, path)]
          : problemsIn(known, item, join(path, key));
      });
    }
  }
}

/** The first item that was there before, as a message shows it. */
function firstRepeated(items: readonly unknown[]): string | undefined {
  const seen = new Set<unknown>();
  for (const item of items) {
    if (seen.has(item)) return shown(item);
    seen.add(item);
  }
  return undefined;
}

function unknownField(fields: Readonly<Record<string, Schema>>, key: string, path: string): Problem {
  const names = Object.keys(fields);
  const nearest = closest(key, names);
  return {
    field: join(path, key),
    expected: nearest === undefined ? `one of the fields ${names.join(', ')}` : `"${nearest}" perhaps`,
    found: `the unknown field "${key}"`,
  };
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** Whether a value is an object with named fields: neither null nor a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const MOST_SHOWN = 60;

/** A value as a message shows it, never longer than a line. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = startOfJson(value, MOST_SHOWN);
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN - 3)}…`;
}

/**
 * The JSON of a value, or its beginning where it has more than `room` characters, so that a large, deep or circular
 * value costs no more than what is seen of it. Unlike JSON.stringify it has words for bigint, NaN and infinities.
 */
function startOfJson(value: unknown, room: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, room));
  if (typeof value !== 'object' || value === null) return String(value);
  const isList = Array.isArray(value);
  let text = isList ? '[' : '{';
  for (const key of isList ? value.keys() : Object.keys(value)) {
    if (text.length > room) return text;
    if (text.length > 1) text += ',';
    if (!isList) text += `${JSON.stringify(key)}:`;
    text += startOfJson((value as Record<PropertyKey, unknown>)[key], Math.max(0, room - text.length));
  }
  return text + (isList ? ']' : '}');
}

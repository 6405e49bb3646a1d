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
  const mismatch = [{ field: path === '' ? 'the document' : path, expected: expectation(schema), found: shown(value) }];
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
    case 'list': {
      if (!Array.isArray(value)) return mismatch;
      const repeated = schema.unique ? value.find((item, at) => value.indexOf(item) !== at) : undefined;
      return [
        ...value.flatMap((item, at) => problemsIn(schema.of, item, `${path}[${at}]`)),
        ...(repeated === undefined
          ? []
          : [{ field: path, expected: 'each entry once', found: `${shown(repeated)} twice` }]),
      ];
    }
    case 'map':
      return isRecord(value)
        ? Object.entries(value).flatMap(([key, item]) => problemsIn(schema.of, item, join(path, key)))
        : mismatch;
    case 'object': {
      if (!isRecord(value)) return mismatch;
      return Object.entries(value).flatMap(([key, item]) => {
        const field = Object.hasOwn(schema.fields, key) ? schema.fields[key] : undefined;
        return field === undefined
          ? [unknownField(schema.fields, key, path)]
          : problemsIn(field, item, join(path, key));
      });
    }
  }
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as a message shows it, never longer than a line. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? `"${value}"` : (JSON.stringify(value) ?? String(value));
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

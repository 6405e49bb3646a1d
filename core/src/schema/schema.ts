/**
 * The shape of a configuration or of a file that people write. One value of this type gives validation, help texts and
 * reference pages, so that they cannot disagree.
 */
export type Schema =
  | { readonly kind: 'text'; readonly about: string; readonly pattern?: RegExp; readonly patternMeans?: string }
  | { readonly kind: 'integer'; readonly about: string; readonly min: number; readonly max: number }
  | { readonly kind: 'choice'; readonly about: string; readonly of: readonly string[] }
  | { readonly kind: 'boolean'; readonly about: string }
  | {
      readonly kind: 'list';
      readonly about: string;
      readonly of: Schema;
      readonly unique?: boolean;
      readonly min?: number;
    }
  | { readonly kind: 'map'; readonly about: string; readonly keys: string; readonly of: Schema }
  | { readonly kind: 'object'; readonly about: string; readonly fields: Readonly<Record<string, Schema>> }
  | { readonly kind: 'either'; readonly about: string; readonly of: readonly Schema[] }
  | { readonly kind: 'anything'; readonly about: string };

/** The TypeScript type of the values that a schema accepts. Every field of an object may be left out. */
export type ValueOf<S extends Schema> = S extends { kind: 'text' }
  ? string
  : S extends { kind: 'integer' }
    ? number
    : S extends { kind: 'boolean' }
      ? boolean
      : S extends { kind: 'choice'; of: readonly (infer Choice)[] }
        ? Choice
        : S extends { kind: 'list'; of: infer Item extends Schema }
          ? readonly ValueOf<Item>[]
          : S extends { kind: 'map'; of: infer Item extends Schema }
            ? Readonly<Record<string, ValueOf<Item>>>
            : S extends { kind: 'object'; fields: infer Fields extends Readonly<Record<string, Schema>> }
              ? { readonly [Name in keyof Fields]?: ValueOf<Fields[Name]> }
              : S extends { kind: 'either'; of: readonly (infer Option extends Schema)[] }
                ? ValueOf<Option>
                : unknown;

/** What is wrong with one field, in three parts, so that every door can word it alike. */
export type Problem = { readonly field: string; readonly expected: string; readonly found: string };

export function problemText({ field, expected, found }: Problem): string {
  return `${field}: expected ${expected}, found ${found}`;
}

/** What a schema wants, as the words after "expected". */
export function expectation(schema: Schema): string {
  switch (schema.kind) {
    case 'text':
      return schema.patternMeans ?? 'a text';
    case 'integer':
      return `a whole number from ${schema.min} to ${schema.max}`;
    case 'choice':
      return schema.of.length === 1 ? `"${schema.of[0]}"` : `one of ${schema.of.map((one) => `"${one}"`).join(', ')}`;
    case 'boolean':
      return 'true or false';
    case 'list':
      return `a list${schema.min === undefined ? '' : ` of at least ${schema.min}`}, each ${expectation(schema.of)}`;
    case 'map':
      return `a map from ${schema.keys} to ${expectation(schema.of)}`;
    case 'object':
      return `an object with the fields ${Object.keys(schema.fields).join(', ')}`;
    case 'either':
      return schema.of.map(expectation).join(', or ');
    case 'anything':
      return 'any value';
  }
}

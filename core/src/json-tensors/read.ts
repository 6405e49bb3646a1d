import {
  allocate,
  type Datatype,
  elementCount,
  ServingError,
  shapeText,
  type TensorData,
  tensorInvalid,
} from '../inference/index.ts';
import { shown } from '../schema/index.ts';

const INTEGER_RANGE: Partial<Record<Datatype, readonly [min: number, max: number]>> = {
  UINT8: [0, 0xff],
  UINT16: [0, 0xffff],
  UINT32: [0, 0xffffffff],
  INT8: [-0x80, 0x7f],
  INT16: [-0x8000, 0x7fff],
  INT32: [-0x80000000, 0x7fffffff],
};

const BIG_RANGE: Partial<Record<Datatype, readonly [min: bigint, max: bigint]>> = {
  INT64: [-(2n ** 63n), 2n ** 63n - 1n],
  UINT64: [0n, 2n ** 64n - 1n],
};

/** The least magnitude that rounds to an infinite 32-bit float. */
const FP32_OVERFLOW = 2 ** 128 - 2 ** 103;

const SPECIAL_NUMBERS: ReadonlyMap<string, number> = new Map(
  [NaN, Infinity, -Infinity].map((number) => [String(number), number]),
);

/**
 * JSON.parse, with integers that a double cannot hold exactly as `bigint` instead. Several times slower, so it is for
 * the bodies that need it, as {@link InexactInteger} tells.
 */
export function parseExactly(text: string): unknown {
  // ECMAScript's JSON.parse source text access; TypeScript's library does not have the third argument yet.
  const reviver = (_key: string, value: unknown, { source }: { source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^-?\d{1,20}$/.test(source)
      ? BigInt(source)
      : value;
  return (JSON.parse as (text: string, reviver: unknown) => unknown)(text, reviver);
}

/**
 * JSON.parse has rounded a 64-bit integer: the body must be read again with {@link parseExactly}. Where it comes even
 * then, the integer is not written in plain digits, and the message is for the client.
 */
export class InexactInteger extends ServingError {}

/** What a message calls an element, given its position in the flat data. */
export type ElementName = (at: number) => string;

/**
 * Reads a tensor's elements from JSON, flat or nested to the shape, row-major.
 * NaN and infinities are the texts `"NaN"`, `"Infinity"`, `"-Infinity"`; BOOL is `true` or `false`; BYTES is a text.
 *
 * @throws ServingError `TensorInvalid` that names the tensor, the element, what was expected and what was found
 * @throws InexactInteger
 */
export function readData(
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  value: unknown,
  elementName: ElementName = (at) => `element ${at}`,
): TensorData {
  if (datatype === 'FP16' || datatype === 'BF16') {
    throw tensorInvalid(`tensor "${name}" is ${datatype}, which JSON cannot carry: it needs a binary form`);
  }
  const count = elementCount(shape);
  const elements = Array.isArray(value) ? value : [value];
  if (!Array.isArray(value) && shape.length > 0) {
    throw tensorInvalid(`tensor "${name}" must have its data in an array, got ${shown(value)}`);
  }
  const isNested = shape.length > 1 && Array.isArray(elements[0]);
  const flat = isNested ? flatten(name, shape, elements) : elements;
  if (flat.length !== count) {
    throw tensorInvalid(
      `tensor "${name}" has shape ${shapeText(shape)}, which means ${count} element(s), got ${flat.length}`,
    );
  }
  const data = allocate(datatype, count);
  fill(name, datatype, flat, data, elementName);
  return data;
}

function flatten(name: string, shape: readonly number[], value: readonly unknown[]): unknown[] {
  const flat: unknown[] = [];
  const visit = (item: unknown, depth: number, path: string): void => {
    const wanted = shape[depth] as number;
    if (!Array.isArray(item) || item.length !== wanted) {
      const found = Array.isArray(item) ? `${item.length} element(s)` : shown(item);
      throw tensorInvalid(
        `tensor "${name}" has shape ${shapeText(shape)}: data${path} must be an array of ${wanted}, got ${found}`,
      );
    }
    if (depth === shape.length - 1) for (const element of item) flat.push(element);
    else for (let at = 0; at < item.length; at++) visit(item[at], depth + 1, `${path}[${at}]`);
  };
  visit(value, 0, '');
  return flat;
}

function fill(
  name: string,
  datatype: Datatype,
  flat: readonly unknown[],
  data: TensorData,
  elementName: ElementName,
): void {
  const wrong = (at: number, expected: string): ServingError =>
    tensorInvalid(`tensor "${name}" ${elementName(at)}: expected ${expected}, got ${shown(flat[at])}`);
  switch (datatype) {
    case 'FP32':
    case 'FP64': {
      const limit = datatype === 'FP32' ? FP32_OVERFLOW : Number.POSITIVE_INFINITY;
      const floats = data as Float64Array;
      for (let at = 0; at < flat.length; at++) {
        const element = flat[at];
        if (typeof element === 'number' && element < limit && element > -limit) floats[at] = element;
        else floats[at] = unusualFloat(element, limit) ?? fail(wrong(at, `a number that fits ${datatype}`));
      }
      return;
    }
    case 'INT64':
    case 'UINT64': {
      const [min, max] = BIG_RANGE[datatype] as readonly [bigint, bigint];
      const integers = data as BigInt64Array;
      for (let at = 0; at < flat.length; at++) {
        const element = flat[at];
        if (typeof element === 'number' && Number.isInteger(element) && !Number.isSafeInteger(element)) {
          if (Math.abs(element) <= 2 ** 64) {
            throw new InexactInteger('TensorInvalid', wrong(at, 'an integer in plain digits (INT64, UINT64)').message);
          }
        }
        const integer =
          typeof element === 'bigint' ? element : Number.isSafeInteger(element) ? BigInt(element as number) : undefined;
        if (integer === undefined || integer < min || integer > max) {
          throw wrong(at, `a whole number from ${min} to ${max} (${datatype})`);
        }
        integers[at] = integer;
      }
      return;
    }
    case 'BOOL':
      for (let at = 0; at < flat.length; at++) {
        if (typeof flat[at] !== 'boolean') throw wrong(at, 'true or false (BOOL)');
        data[at] = flat[at] === true ? 1 : 0;
      }
      return;
    case 'BYTES':
      for (let at = 0; at < flat.length; at++) {
        const element = flat[at];
        // ONNX Runtime ends a text at NUL, and UTF-8 has no halves of surrogate pairs: they would come back changed.
        if (typeof element !== 'string' || element.includes('\0') || !element.isWellFormed()) {
          throw wrong(at, 'a text without NUL and lone surrogates (BYTES)');
        }
        data[at] = element;
      }
      return;
    default: {
      const [min, max] = INTEGER_RANGE[datatype] as readonly [number, number];
      for (let at = 0; at < flat.length; at++) {
        const element = flat[at];
        if (typeof element !== 'number' || !Number.isInteger(element) || element < min || element > max) {
          throw wrong(at, `a whole number from ${min} to ${max} (${datatype})`);
        }
        data[at] = element;
      }
    }
  }
}

function unusualFloat(element: unknown, limit: number): number | undefined {
  if (typeof element === 'string') return SPECIAL_NUMBERS.get(element);
  if (typeof element !== 'bigint') return undefined;
  const number = Number(element);
  return Math.abs(number) < limit ? number : undefined;
}

function fail(error: Error): never {
  throw error;
}

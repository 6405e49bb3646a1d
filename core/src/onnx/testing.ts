import { readFileSync } from 'node:fs';
import type { ByteSource } from './protobuf.ts';

/** The bytes of a varint. */
export function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

/** The tag and the length with which a field of `length` bytes begins. */
export function fieldStart(number: number, length: number): number[] {
  return [...varint((number << 3) | 2), ...varint(length)];
}

/** A field of a protobuf message: a number as a varint, a text as UTF-8, or bytes (a message) as they are. */
export function field(number: number, value: number | bigint | string | readonly number[]): number[] {
  if (typeof value === 'number' || typeof value === 'bigint') return [...varint(number << 3), ...varint(value)];
  const bytes = typeof value === 'string' ? [...new TextEncoder().encode(value)] : value;
  return [...fieldStart(number, bytes.length), ...bytes];
}

/** A source that fails when it is asked for bytes that it does not have. */
export function sourceOf(bytes: ArrayLike<number>): ByteSource {
  const buffer = Uint8Array.from(bytes);
  return {
    size: buffer.length,
    read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > buffer.length) {
        throw new RangeError(`read ${length} bytes at ${offset} of ${buffer.length}`);
      }
      return buffer.subarray(offset, offset + length);
    },
  };
}

/** The bytes of a model of the repository, by its path from the top. */
export function modelBytes(path: string): Uint8Array {
  return readFileSync(new URL(`../../../${path}`, import.meta.url));
}

/**
 * The tensor datatypes of the Open Inference Protocol ("Tensor Data Types"), and BF16, which its gRPC form adds.
 * BYTES elements are kept as strings: JSON can carry nothing else.
 */
export const DATATYPES = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'BF16',
  'FP32',
  'FP64',
  'BYTES',
] as const;

export type Datatype = (typeof DATATYPES)[number];

/** The flat, row-major elements of a tensor. FP16 and BF16 are held as their bit patterns; BOOL as 0 and 1. */
export type TensorData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | string[];

const ELEMENT_BYTES = {
  BOOL: 1,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FP16: 2,
  BF16: 2,
  FP32: 4,
  FP64: 8,
} as const satisfies Record<Exclude<Datatype, 'BYTES'>, number>;

const ALLOCATE = {
  BOOL: (count) => new Uint8Array(count),
  UINT8: (count) => new Uint8Array(count),
  UINT16: (count) => new Uint16Array(count),
  UINT32: (count) => new Uint32Array(count),
  UINT64: (count) => new BigUint64Array(count),
  INT8: (count) => new Int8Array(count),
  INT16: (count) => new Int16Array(count),
  INT32: (count) => new Int32Array(count),
  INT64: (count) => new BigInt64Array(count),
  FP16: (count) => new Uint16Array(count),
  BF16: (count) => new Uint16Array(count),
  FP32: (count) => new Float32Array(count),
  FP64: (count) => new Float64Array(count),
  BYTES: (count) => new Array<string>(count).fill(''),
} as const satisfies Record<Datatype, (count: number) => TensorData>;

export function isDatatype(text: unknown): text is Datatype {
  return DATATYPES.includes(text as Datatype);
}

/** Zeroed storage for `count` elements (empty strings for BYTES). */
export function allocate(datatype: Datatype, count: number): TensorData {
  return ALLOCATE[datatype](count);
}

/** Size of the elements in bytes; for BYTES the UTF-16 size that they take in this process. */
export function dataBytes(datatype: Datatype, data: TensorData): number {
  if (datatype !== 'BYTES') return data.length * ELEMENT_BYTES[datatype];
  let bytes = 0;
  for (const element of data as string[]) bytes += element.length * 2;
  return bytes;
}

/** Elements `from` to `to` as a tensor's data of its own; typed arrays share memory with the original. */
export function sliceData(data: TensorData, from: number, to: number): TensorData {
  return Array.isArray(data) ? data.slice(from, to) : data.subarray(from, to);
}

/** Copies all of `source` into `target`, starting at element `at`. Both are of the same datatype. */
export function copyData(source: TensorData, target: TensorData, at: number): void {
  if (Array.isArray(target)) {
    for (let i = 0; i < source.length; i++) target[at + i] = (source as string[])[i] as string;
    return;
  }
  // One datatype has one array type, so the two are alike; the compiler cannot know.
  (target as Float32Array).set(source as Float32Array, at);
}

import fc from 'fast-check';
import {
  allocate,
  type Datatype,
  elementCount,
  type Signature,
  type Tensor,
  type TensorData,
  type TensorSpec,
} from './inference/index.ts';

/** What a model says of an input or output: "x" FP32 [-1,4] unless told. */
export function aSpec(told: Partial<TensorSpec> = {}): TensorSpec {
  const shape = told.shape ?? [-1, 4];
  return { name: 'x', datatype: 'FP32', shape, symbols: shape.map(() => undefined), ...told };
}

/** A signature with one input "x" and one output "y", both FP32 [-1,4], unless told. */
export function aSignature(told: Partial<Signature> = {}): Signature {
  return { inputs: [aSpec()], outputs: [aSpec({ name: 'y' })], ...told };
}

/** A tensor of zeros (empty texts): "x" FP32 [1,4] unless told. */
export function aTensor(told: Partial<Tensor> = {}): Tensor {
  const { datatype = 'FP32', shape = [1, 4] } = told;
  return { name: 'x', datatype, shape, data: allocate(datatype, elementCount(shape)), ...told };
}

/** Any text that JavaScript can hold, halves of surrogate pairs included. */
export const anyText: fc.Arbitrary<string> = fc.string({
  unit: fc
    .oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0, max: 0x10ffff }))
    .map((point) => String.fromCodePoint(point)),
  maxLength: 8,
});

const ANY_ELEMENT = {
  BOOL: fc.integer({ min: 0, max: 1 }),
  UINT8: fc.integer({ min: 0, max: 0xff }),
  UINT16: fc.integer({ min: 0, max: 0xffff }),
  UINT32: fc.integer({ min: 0, max: 0xffffffff }),
  UINT64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  INT8: fc.integer({ min: -0x80, max: 0x7f }),
  INT16: fc.integer({ min: -0x8000, max: 0x7fff }),
  INT32: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  INT64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  FP16: fc.integer({ min: 0, max: 0xffff }),
  BF16: fc.integer({ min: 0, max: 0xffff }),
  FP32: fc.float(),
  FP64: fc.double(),
  BYTES: anyText.map((text) => text.toWellFormed().replaceAll('\0', '0')),
} as const satisfies Record<Datatype, fc.Arbitrary<number | bigint | string>>;

/** Any `count` elements of a datatype: the extremes, NaN, −0 and odd texts among them. */
export function anyData(datatype: Datatype, count: number): fc.Arbitrary<TensorData> {
  const element: fc.Arbitrary<number | bigint | string> = ANY_ELEMENT[datatype];
  return fc.array(element, { minLength: count, maxLength: count }).map((elements) => {
    const data = allocate(datatype, count) as (typeof elements)[number][];
    for (let at = 0; at < count; at++) data[at] = elements[at] as number;
    return data as TensorData;
  });
}

import type { Datatype, TensorData } from './datatype.ts';

/**
 * What a model says of one of its inputs or outputs. A dimension that the model leaves open is −1, as in the Open
 * Inference Protocol's metadata; `symbols` has the name that the model's author gave it, where there is one.
 */
export type TensorSpec = {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly symbols: readonly (string | undefined)[];
};

export type Signature = {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
};

/** A named tensor with its elements, row-major; `data.length` is the product of `shape`. */
export type Tensor = {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
};

/** The number of elements of a shape; 1 for the empty shape of a scalar. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const dimension of shape) count *= dimension;
  return count;
}

/** A shape as people read it: `[-1,4]`. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(',')}]`;
}

import type { Datatype, Tensor, TensorData } from '../inference/index.ts';
import { splitOutputs } from './batch.ts';

// Kernels sum in another order for another number of rows; rows that touch each other differ by far more.
const RELATIVE_TOLERANCE = 1e-3;
const ABSOLUTE_TOLERANCE = 1e-5;
const ROUNDED: ReadonlySet<Datatype> = new Set(['FP16', 'BF16', 'FP32', 'FP64']);

/**
 * Whether the outputs of several rows run together are the outputs of each run alone: only then may requests share a
 * run. A sequence model with an open first dimension, for instance, fails this.
 */
export function rowsAreIndependent(together: readonly Tensor[], alone: readonly (readonly Tensor[])[]): boolean {
  const parts = splitOutputs(
    together,
    alone.map(() => 1),
  );
  return parts?.every((part, at) => part.every((tensor, output) => areAlike(tensor, alone[at]?.[output]))) ?? false;
}

function areAlike(a: Tensor, b: Tensor | undefined): boolean {
  if (b === undefined || a.shape.join() !== b.shape.join()) return false;
  const [lefts, rights] = [numbersOf(a), numbersOf(b)];
  for (let at = 0; at < lefts.length; at++) {
    const [left, right] = [lefts[at], rights[at]];
    if (isSame(left, right)) continue;
    if (!ROUNDED.has(a.datatype) || typeof left !== 'number' || typeof right !== 'number') return false;
    const tolerance = ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * Math.abs(right);
    if (!Number.isFinite(right) || !(Math.abs(left - right) <= tolerance)) return false;
  }
  return true;
}

/** The elements, with FP16 as numbers instead of bit patterns; shares memory with the tensor. */
function numbersOf({ datatype, data }: Tensor): TensorData | Float16Array {
  if (datatype !== 'FP16') return data;
  const bits = data as Uint16Array;
  return new Float16Array(bits.buffer, bits.byteOffset, bits.length);
}

/**
 * Rows to find out with whether rows touch each other. Their means, sums, extremes and spreads differ, so that a model
 * in which any of these is taken over all rows answers differently when they are together:
 *
 * | row       | made of the first row of `inputs` by                                            |
 * | first     | nothing                                                                         |
 * | changed   | turning its elements round; where that changes nothing, as with zeros, by 1, 2, 3 … more |
 * | constant  | repeating its first element, and in another row its last                        |
 * | stretched | floats: multiplying and shifting unevenly; others as changed                    |
 *
 * All but the stretched floats and the changed zeros are values that the model surely takes. Equal rows stand once.
 */
export function makeProbeRows(inputs: readonly Tensor[]): readonly (readonly Tensor[])[] {
  const first = inputs.map((tensor) => {
    const size = tensor.data.length / (tensor.shape[0] as number);
    return { ...tensor, shape: [1, ...tensor.shape.slice(1)], data: tensor.data.slice(0, size) };
  });
  const made = [(tensor: Tensor) => tensor.data, changed, repeatFirst, repeatLast, stretched].map((make) =>
    first.map((tensor) => ({ ...tensor, data: make(tensor) })),
  );
  return made.filter((row, at) => !made.slice(0, at).some((earlier) => areSameRows(earlier, row)));
}

function areSameRows(some: readonly Tensor[], others: readonly Tensor[]): boolean {
  return some.every(({ data }, input) => {
    const other = others[input]?.data;
    for (let at = 0; at < data.length; at++) if (!isSame(data[at], other?.[at])) return false;
    return true;
  });
}

/** NaN is the same as NaN, and 0 as −0. */
function isSame(a: unknown, b: unknown): boolean {
  return a === b || Object.is(a, b);
}

function repeatFirst({ data }: Tensor): TensorData {
  return data.slice().fill(data[0] as never);
}

function repeatLast({ data }: Tensor): TensorData {
  return data.slice().fill(data.at(-1) as never);
}

function stretched(tensor: Tensor): TensorData {
  const data = changed(tensor);
  if (!ROUNDED.has(tensor.datatype)) return data;
  const elements = numbersOf({ ...tensor, data }) as Float32Array;
  // No number becomes larger by more than a little, so that none overflows, however many there are.
  for (let at = 0; at < elements.length; at++) elements[at] = (elements[at] as number) * 0.75 + 0.5 * ((at % 7) + 1);
  return data;
}

function changed(tensor: Tensor): TensorData {
  const data = tensor.data.slice().reverse();
  if (data.some((element, at) => element !== tensor.data[at])) return data;
  const elements = numbersOf({ ...tensor, data });
  for (let at = 0; at < elements.length; at++) {
    const element = elements[at];
    if (tensor.datatype === 'BOOL') elements[at] = element === 1 ? 0 : 1;
    else if (typeof element === 'bigint') elements[at] = element + BigInt(at + 1);
    else if (typeof element === 'string') elements[at] = `${element}${at + 1}`;
    else if (typeof element === 'number') {
      elements[at] = element + at + 1;
      if (elements[at] === element) elements[at] = element / 2;
    }
  }
  return data;
}

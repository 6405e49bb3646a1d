import type { Tensor, TensorData } from '../inference/index.ts';
import { splitOutputs } from './batch.ts';

// Kernels sum in another order for another number of rows; rows that touch each other differ by far more.
const RELATIVE_TOLERANCE = 1e-3;
const ABSOLUTE_TOLERANCE = 1e-5;

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
  for (let at = 0; at < a.data.length; at++) {
    const [left, right] = [a.data[at], b.data[at]];
    if (Object.is(left, right) || left === right) continue;
    if (typeof left !== 'number' || typeof right !== 'number') return false;
    const tolerance = ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * Math.abs(right);
    if (!(Math.abs(left - right) <= tolerance)) return false;
  }
  return true;
}

/**
 * Two rows that differ, to find out whether rows touch each other: the first row of `inputs`, and the same with its
 * elements in reverse order, which are values that the model surely takes. Where that changes nothing, as with zeros,
 * elements become 1, 2, 3 … larger (BOOL: every other one true).
 */
export function makeProbeRows(inputs: readonly Tensor[]): readonly [readonly Tensor[], readonly Tensor[]] {
  const first = inputs.map((tensor) => {
    const size = tensor.data.length / (tensor.shape[0] as number);
    return { ...tensor, shape: [1, ...tensor.shape.slice(1)], data: tensor.data.slice(0, size) };
  });
  return [first, first.map((tensor) => ({ ...tensor, data: changed(tensor) }))];
}

function changed({ datatype, data }: Tensor): TensorData {
  const reversed = data.slice().reverse();
  if (reversed.some((element, at) => element !== data[at])) return reversed;
  for (let at = 0; at < reversed.length; at++) {
    const element = reversed[at];
    if (datatype === 'BOOL') reversed[at] = (at + 1) % 2;
    else if (typeof element === 'bigint') reversed[at] = element + BigInt(at + 1);
    else if (typeof element === 'number') reversed[at] = element + at + 1;
    else reversed[at] = `${element}${at + 1}`;
  }
  return reversed;
}

import {
  allocate,
  copyData,
  elementCount,
  type Signature,
  sliceData,
  type Tensor,
  tensorInvalid,
} from '../inference/index.ts';

/** What batching needs to know of a request that waits. */
export type Batchable = {
  /** Size of the first dimension of every input. */
  readonly rows: number;
  /** Requests with the same key can run together; `undefined` runs alone. */
  readonly batchKey: string | undefined;
};

/**
 * How many of the requests at the head of a queue run together: those with the first one's key, in order, up to
 * `maxRows` rows. A request that is larger than that by itself runs alone. Worked examples for `maxRows` 4, as rows
 * and key: `1a 1a 1b` → 2; `3a 2a` → 1; `9a 1a` → 1; an empty queue → 0.
 */
export function batchLength(queue: readonly Batchable[], maxRows: number): number {
  const first = queue[0];
  if (first === undefined) return 0;
  if (first.batchKey === undefined) return 1;
  let rows = first.rows;
  let length = 1;
  for (; length < queue.length; length++) {
    const next = queue[length] as Batchable;
    rows += next.rows;
    if (next.batchKey !== first.batchKey || rows > maxRows) break;
  }
  return length;
}

/**
 * The rows and the key of a request's inputs, for a model whose first dimension is a batch.
 *
 * @throws ServingError `TensorInvalid` when the inputs disagree on the number of rows
 */
export function batchable(signature: Signature, inputs: readonly Tensor[]): Batchable {
  const rows = inputs[0]?.shape[0] ?? 0;
  let batchKey = '';
  for (let at = 0; at < inputs.length; at++) {
    const { name, shape } = inputs[at] as Tensor;
    if (shape[0] !== rows) {
      throw tensorInvalid(
        `input "${name}" has ${shape[0]} row(s) and input "${inputs[0]?.name}" has ${rows}: the first dimensions must agree`,
      );
    }
    if (signature.inputs[at]?.shape.indexOf(-1, 1) !== -1) batchKey += `${shape.slice(1).join()};`;
  }
  return { rows, batchKey };
}

/** One set of tensors with the rows of all parts, in order. Every part has the same tensors in the same order. */
export function mergeRows(parts: readonly (readonly Tensor[])[]): readonly Tensor[] {
  const first = parts[0] as readonly Tensor[];
  if (parts.length === 1) return first;
  return first.map(({ name, datatype, shape }, at) => {
    let rows = 0;
    for (const part of parts) rows += (part[at] as Tensor).shape[0] as number;
    const merged = [rows, ...shape.slice(1)];
    const data = allocate(datatype, elementCount(merged));
    let filled = 0;
    for (const part of parts) {
      const rowsOfPart = (part[at] as Tensor).data;
      copyData(rowsOfPart, data, filled);
      filled += rowsOfPart.length;
    }
    return { name, datatype, shape: merged, data };
  });
}

/**
 * Gives each request its rows of the outputs, in order; the parts share memory with the whole. `undefined` when some
 * output does not have one row per row that went in, which shows that its first dimension is no batch.
 */
export function splitOutputs(
  outputs: readonly Tensor[],
  rows: readonly number[],
): readonly (readonly Tensor[])[] | undefined {
  let total = 0;
  for (const count of rows) total += count;
  if (outputs.some((output) => output.shape[0] !== total)) return undefined;
  if (rows.length === 1) return [outputs];
  let from = 0;
  return rows.map((count) => {
    const part = sliceRows(outputs, from, from + count);
    from += count;
    return part;
  });
}

/** The rows `from` up to `to` of tensors that all have the same number of rows; they share memory with the whole. */
export function sliceRows(tensors: readonly Tensor[], from: number, to: number): readonly Tensor[] {
  return tensors.map(({ name, datatype, shape, data }) => {
    const [rows = 0, ...rest] = shape;
    const size = rows === 0 ? 0 : data.length / rows;
    return { name, datatype, shape: [to - from, ...rest], data: sliceData(data, from * size, to * size) };
  });
}

import { type Signature, shapeText, type Tensor, type TensorSpec } from '../inference/index.ts';
import { exactFloat, type FloatText, writeNested } from '../json-tensors/index.ts';

/** Where a classifier's answer stands among its outputs, by position. */
export type Classes = {
  readonly labels: readonly string[];
  readonly probabilities: number | undefined;
  readonly label: number | undefined;
};

/**
 * Finds the outputs that the labels speak of: a float output of shape [N, labels] holds the probabilities; an integer
 * or text output of shape [N] holds the class that the model itself chose.
 */
export function findClasses(
  { outputs }: Signature,
  labels: readonly string[],
): { readonly ok: true; readonly classes: Classes } | { readonly ok: false; readonly problem: string } {
  const isRow = (spec: TensorSpec) => spec.shape.length === 2 && [labels.length, -1].includes(spec.shape[1] as number);
  const probabilities = positions(outputs, (spec) => isFloat(spec) && isRow(spec));
  const label = positions(outputs, (spec) => !isFloat(spec) && spec.datatype !== 'BOOL' && spec.shape.length === 1);
  const misfits = outputs.filter((spec) => isFloat(spec) && spec.shape.length === 2 && !isRow(spec));
  const [misfit] = misfits;
  if (probabilities.length === 0 && misfits.length === 1 && misfit !== undefined) {
    return { ok: false, problem: wrongCount(misfit.name, misfit.shape[1] as number, labels.length) };
  }
  const isClear = probabilities.length <= 1 && label.length <= 1 && probabilities.length + label.length > 0;
  if (isClear && (probabilities.length === 1 || misfits.length === 0)) {
    return { ok: true, classes: { labels, probabilities: probabilities[0], label: label[0] } };
  }
  const found = outputs.map((spec) => `"${spec.name}" ${spec.datatype} ${shapeText(spec.shape)}`).join(', ');
  return {
    ok: false,
    problem:
      `labels: expected one float output of shape [-1,${labels.length}] with the probabilities, or one integer or text ` +
      `output of shape [-1] with the class, found ${found}`,
  };
}

function wrongCount(output: string, columns: number, labels: number): string {
  return `labels: expected ${columns} labels, one per column of output "${output}", found ${labels}`;
}

function positions(outputs: readonly TensorSpec[], isWanted: (spec: TensorSpec) => boolean): number[] {
  return outputs.flatMap((spec, at) => (isWanted(spec) ? [at] : []));
}

function isFloat(spec: TensorSpec): boolean {
  return spec.datatype === 'FP32' || spec.datatype === 'FP64';
}

/**
 * Why rows of an output are no probabilities: each must lie between 0 and 1 and sum to 1. `undefined` when they are.
 */
export function notProbabilities(classes: Classes, outputs: readonly Tensor[]): string | undefined {
  const tensor = classes.probabilities === undefined ? undefined : outputs[classes.probabilities];
  if (tensor === undefined) return undefined;
  const columns = tensor.shape[1] as number;
  if (columns !== classes.labels.length) {
    return wrongCount(tensor.name, columns, classes.labels.length);
  }
  const wrong = (found: string) =>
    `labels: expected probabilities in output "${tensor.name}", found ${found}; end the model with a softmax, or leave labels out`;
  const values = tensor.data as Float32Array;
  for (let from = 0; from < values.length; from += columns) {
    const row = values.subarray(from, from + columns);
    const outside = row.find((value) => !(value >= -1e-3 && value <= 1.001));
    if (outside !== undefined) return wrong(`${outside}`);
    const sum = row.reduce((total, value) => total + value, 0);
    if (Math.abs(sum - 1) >= 1e-2) return wrong(`a row that sums to ${sum}`);
  }
  return undefined;
}

/** How many predictions a classifier's outputs hold. */
export function predictionRows({ probabilities, label }: Classes, outputs: readonly Tensor[]): number {
  return outputs[probabilities ?? label ?? 0]?.shape[0] ?? 0;
}

/**
 * The predictions of the rows `from` up to `to` as JSON: `{"label": …, "probabilities": {…}}`, one per row, with commas
 * between them. The label is the class that the model itself chose, or else the one with the highest probability; a
 * class without a name goes by its number.
 */
export function writePredictions(
  classes: Classes,
  outputs: readonly Tensor[],
  floatText: FloatText,
  from = 0,
  to = predictionRows(classes, outputs),
): string {
  const probabilities = classes.probabilities === undefined ? undefined : outputs[classes.probabilities];
  const chosen = classes.label === undefined ? undefined : outputs[classes.label];
  const names = classes.labels.map((label) => JSON.stringify(label));
  const nameOf = (label: number | bigint): string => names[Number(label)] ?? `"${label}"`;
  const values = probabilities?.data as Float32Array | undefined;
  const valueText = probabilities?.datatype === 'FP64' ? exactFloat : floatText;
  const width = probabilities?.shape[1] ?? 0;
  let text = '';
  for (let row = from; row < to; row++) {
    const label = chosen === undefined ? argMax(values as Float32Array, row * width, width) : chosen.data[row];
    const name = typeof label === 'string' ? JSON.stringify(label) : nameOf(label as number | bigint);
    text += `${row === from ? '' : ','}{"label":${name}`;
    if (values !== undefined) {
      text += ',"probabilities":{';
      for (let at = 0; at < width; at++) {
        text += `${at === 0 ? '' : ','}${nameOf(at)}:${valueText(values[row * width + at] as number)}`;
      }
      text += '}';
    }
    text += '}';
  }
  return text;
}

/** All outputs as JSON, `{"name": nested data}`, for models without labels. */
export function writeOutputs(outputs: readonly Tensor[], floatText: FloatText): string {
  const parts = outputs.map(
    ({ name, datatype, shape, data }) =>
      `${JSON.stringify(name)}:${writeNested(name, datatype, shape, data, floatText)}`,
  );
  return `{${parts.join(',')}}`;
}

function argMax(values: Float32Array, from: number, count: number): number {
  let best = 0;
  for (let at = 1; at < count; at++) {
    if ((values[from + at] as number) > (values[from + best] as number)) best = at;
  }
  return best;
}

import { type Datatype, type TensorData, tensorInvalid } from '../inference/index.ts';

/** How a float becomes text: every digit of the double that it is, or only those that tell it from its neighbours. */
export type FloatText = (value: number) => string;

export const exactFloat: FloatText = (value) =>
  // JSON has no NaN and no infinities; String() drops the sign of −0.
  Number.isFinite(value) ? (value === 0 && 1 / value < 0 ? '-0' : `${value}`) : `"${value}"`;

/**
 * A decimal of six to nine digits that is the same 32-bit float: 0.1 instead of 0.10000000149011612. Nine always suffice
 * (IEEE 754-2019, 5.12.2). Whole numbers keep all their digits.
 */
export const shortFloat32: FloatText = (value) => {
  if (Number.isInteger(value) || !Number.isFinite(value)) return exactFloat(value);
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return `${rounded}`;
  }
  return `${Number(value.toPrecision(9))}`;
};

/**
 * A tensor's elements as a flat JSON array. 64-bit integers are exact.
 *
 * @throws ServingError `TensorInvalid` for FP16 and BF16, which JSON cannot carry
 */
export function writeData(name: string, datatype: Datatype, data: TensorData, floatText: FloatText): string {
  const element = elementWriter(name, datatype, floatText);
  const count = data.length;
  if (count === 0) return '[]';
  let text = `[${element(data, 0)}`;
  for (let at = 1; at < count; at++) text += `,${element(data, at)}`;
  return `${text}]`;
}

/** The same, nested to the shape; a scalar has no brackets. */
export function writeNested(
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  data: TensorData,
  floatText: FloatText,
): string {
  const element = elementWriter(name, datatype, floatText);
  let at = 0;
  const write = (depth: number): string => {
    if (depth === shape.length) return element(data, at++);
    const parts: string[] = [];
    for (let item = 0; item < (shape[depth] as number); item++) parts.push(write(depth + 1));
    return `[${parts.join(',')}]`;
  };
  return write(0);
}

function elementWriter(
  name: string,
  datatype: Datatype,
  floatText: FloatText,
): (data: TensorData, at: number) => string {
  switch (datatype) {
    case 'FP16':
    case 'BF16':
      throw tensorInvalid(`tensor "${name}" is ${datatype}, which JSON cannot carry: ask for other outputs`);
    case 'BOOL':
      return (data, at) => (data[at] === 1 ? 'true' : 'false');
    case 'BYTES':
      return (data, at) => JSON.stringify(data[at]);
    case 'FP32':
      return (data, at) => floatText(data[at] as number);
    case 'FP64':
      return (data, at) => exactFloat(data[at] as number);
    default:
      return (data, at) => `${data[at]}`;
  }
}

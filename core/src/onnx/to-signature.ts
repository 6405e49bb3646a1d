import type { Datatype, Signature, TensorSpec } from '../inference/index.ts';
import type { OnnxHeader, OnnxValue } from './read-header.ts';

// TensorProto.DataType in onnx.proto.
const DATATYPE_OF: Readonly<Record<number, Datatype>> = {
  1: 'FP32',
  2: 'UINT8',
  3: 'INT8',
  4: 'UINT16',
  5: 'INT16',
  6: 'INT32',
  7: 'INT64',
  8: 'BYTES',
  9: 'BOOL',
  10: 'FP16',
  11: 'FP64',
  12: 'UINT32',
  13: 'UINT64',
  16: 'BF16',
};

const OTHER_ELEMENT_TYPES: Readonly<Record<number, string>> = {
  14: 'COMPLEX64',
  15: 'COMPLEX128',
  17: 'FLOAT8E4M3FN',
  18: 'FLOAT8E4M3FNUZ',
  19: 'FLOAT8E5M2',
  20: 'FLOAT8E5M2FNUZ',
  21: 'UINT4',
  22: 'INT4',
  23: 'FLOAT4E2M1',
  24: 'FLOAT8E8M0',
  25: 'UINT2',
  26: 'INT2',
};

/**
 * The model's inputs and outputs as the inference protocols name them, or the sentence that says which of them no
 * protocol can carry and what to do about it.
 */
export function toSignature(
  header: OnnxHeader,
): { readonly ok: true; readonly signature: Signature } | { readonly ok: false; readonly problem: string } {
  const problems: string[] = [];
  const inputs = header.inputs.map((value) => toSpec('input', value, problems));
  const outputs = header.outputs.map((value) => toSpec('output', value, problems));
  if (outputs.length === 0) problems.push('the graph has no output');
  return problems.length === 0
    ? { ok: true, signature: { inputs: inputs.filter(isSpec), outputs: outputs.filter(isSpec) } }
    : { ok: false, problem: problems.join('; ') };
}

function isSpec(spec: TensorSpec | undefined): spec is TensorSpec {
  return spec !== undefined;
}

function toSpec(role: 'input' | 'output', { name, type }: OnnxValue, problems: string[]): TensorSpec | undefined {
  if (type.kind === 'other') {
    const remedy = type.text.includes('map')
      ? ' (scikit-learn converters add ZipMap: export again with options={"zipmap": False})'
      : ' (export the model again with plain tensors)';
    problems.push(`${role} "${name}" is ${type.text}, which no inference protocol can carry${remedy}`);
    return undefined;
  }
  const datatype = DATATYPE_OF[type.elementType];
  if (datatype === undefined) {
    const found = OTHER_ELEMENT_TYPES[type.elementType] ?? `type ${type.elementType}`;
    problems.push(`${role} "${name}" has elements of ${found}, which no inference protocol can carry; cast them`);
    return undefined;
  }
  if (type.dimensions === undefined && role === 'input') {
    problems.push(`input "${name}" declares no shape, so requests cannot be checked; export the model with one`);
    return undefined;
  }
  const dimensions = type.dimensions ?? [undefined];
  return {
    name,
    datatype,
    shape: dimensions.map((dimension) => (typeof dimension === 'number' ? dimension : -1)),
    symbols: dimensions.map((dimension) => (typeof dimension === 'string' ? dimension : undefined)),
  };
}

/**
 * Whether a model's tensors look like rows that can be put together: every input and output leaves its first dimension
 * open, the inputs all under the same name or all without one. Only running it proves that rows do not touch each other.
 */
export function hasBatchDimension({ inputs, outputs }: Signature): boolean {
  const isOpen = (spec: TensorSpec) => spec.shape[0] === -1;
  const names = new Set(inputs.map((spec) => spec.symbols[0]));
  return inputs.length > 0 && inputs.every(isOpen) && outputs.every(isOpen) && names.size === 1;
}

import { listed, type ServingError, shortened, tensorInvalid } from './errors.ts';
import { elementCount, type Signature, shapeText, type Tensor, type TensorSpec } from './tensor.ts';

/**
 * Demands that the tensors of a request are the model's inputs: each there once, none besides, with the datatype and a
 * shape that fits. Returns them in the order of the signature.
 *
 * @throws ServingError `TensorInvalid`, naming the tensor, what was expected and what was found
 */
export function checkInputs(signature: Signature, tensors: readonly Tensor[]): readonly Tensor[] {
  const { inputs } = signature;
  if (tensors.length === inputs.length && inputs.every((spec, at) => spec.name === tensors[at]?.name)) {
    for (let at = 0; at < inputs.length; at++) checkTensor(inputs[at] as TensorSpec, tensors[at] as Tensor);
    return tensors;
  }
  const byName = new Map<string, Tensor>();
  for (const tensor of tensors) {
    if (byName.has(tensor.name)) throw tensorInvalid(`input "${shortened(tensor.name)}" is given twice`);
    if (!inputs.some((spec) => spec.name === tensor.name)) throw unknownInput(signature, tensor.name);
    byName.set(tensor.name, tensor);
  }
  return inputs.map((spec) => {
    const tensor = byName.get(spec.name);
    if (tensor === undefined) {
      throw tensorInvalid(
        `input "${spec.name}" is missing: expected ${inputs.length} input(s) ${listed(inputs.map((input) => input.name))}, ` +
          `got ${tensors.length === 0 ? 'none' : listed(tensors.map((given) => shortened(given.name)))}`,
      );
    }
    checkTensor(spec, tensor);
    return tensor;
  });
}

/** The spec of the input that a request names. @throws ServingError `TensorInvalid` when the model has no such input */
export function inputSpec(signature: Signature, name: string): TensorSpec {
  const spec = signature.inputs.find((input) => input.name === name);
  if (spec === undefined) throw unknownInput(signature, name);
  return spec;
}

function unknownInput(signature: Signature, name: string): ServingError {
  return tensorInvalid(
    `unknown input "${shortened(name)}": the model's input(s) are ${listed(signature.inputs.map((spec) => spec.name))}`,
  );
}

function checkTensor(spec: TensorSpec, tensor: Tensor): void {
  if (tensor.datatype !== spec.datatype) {
    throw tensorInvalid(`input "${spec.name}" must have datatype ${spec.datatype}, got ${tensor.datatype}`);
  }
  checkShape(spec, tensor.shape);
  const count = elementCount(tensor.shape);
  if (tensor.data.length !== count) {
    throw tensorInvalid(
      `input "${spec.name}" has shape ${shapeText(tensor.shape)}, which means ${count} element(s), got ${tensor.data.length}`,
    );
  }
}

/**
 * Demands a shape that fits the model's and has no dimension of size 0: there is nothing to answer, and some kernels of
 * ONNX Runtime (LSTM) abort the process on it.
 *
 * @throws ServingError `TensorInvalid`
 */
export function checkShape(spec: TensorSpec, shape: readonly number[]): void {
  const fits =
    shape.length === spec.shape.length && spec.shape.every((wanted, at) => wanted === -1 || wanted === shape[at]);
  if (!fits) {
    throw tensorInvalid(
      `input "${spec.name}" must have shape ${shapeText(spec.shape)}${spec.shape.includes(-1) ? ' (-1 is any size)' : ''}, got ${shapeText(shape)}`,
    );
  }
  if (!shape.every((dimension) => dimension >= 1)) {
    throw tensorInvalid(`input "${spec.name}" has shape ${shapeText(shape)}: every dimension must be at least 1`);
  }
}

/**
 * The positions, in the signature, of the outputs that a request asks for, in the order asked; all of them when it
 * asks for none. @throws ServingError `TensorInvalid` for an unknown or repeated name
 */
export function askedOutputs(
  signature: Signature,
  names: readonly string[] | undefined,
): readonly number[] | undefined {
  if (names === undefined || names.length === 0) return undefined;
  const seen = new Set<string>();
  return names.map((name) => {
    if (seen.has(name)) throw tensorInvalid(`output "${shortened(name)}" is asked for twice`);
    seen.add(name);
    const at = signature.outputs.findIndex((spec) => spec.name === name);
    if (at === -1) {
      const known = listed(signature.outputs.map((spec) => spec.name));
      throw tensorInvalid(`unknown output "${shortened(name)}": the model's output(s) are ${known}`);
    }
    return at;
  });
}

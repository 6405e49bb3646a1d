import { allocate, elementCount, type Signature, type Tensor, type TensorSpec } from '../inference/index.ts';

/** Inputs of zeros (empty texts) with every open dimension of size 1: what is known to fit, where no example is given. */
export function makeZeroInputs(signature: Signature): readonly Tensor[] {
  return signature.inputs.map(({ name, datatype, shape }) => {
    const closed = shape.map((dimension) => (dimension === -1 ? 1 : dimension));
    return { name, datatype, shape: closed, data: allocate(datatype, elementCount(closed)) };
  });
}

/**
 * An example body in the friendly form, made from the signature alone: a row of zeros, or `{"inputs": …}` where the
 * model has several inputs. An open dimension has size 1.
 */
export function makeExample(signature: Signature): unknown {
  const [input] = signature.inputs;
  if (signature.inputs.length === 1 && input !== undefined && input.shape[0] === -1) {
    return zeros(input, input.shape.slice(1));
  }
  return { inputs: Object.fromEntries(signature.inputs.map((spec) => [spec.name, zeros(spec, spec.shape)])) };
}

function zeros(spec: TensorSpec, shape: readonly number[]): unknown {
  const [size, ...rest] = shape;
  if (size === undefined) return spec.datatype === 'BYTES' ? 'text' : spec.datatype === 'BOOL' ? false : 0;
  return Array.from({ length: size === -1 ? 1 : size }, () => zeros(spec, rest));
}

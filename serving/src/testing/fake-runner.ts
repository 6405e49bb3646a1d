import { basename } from 'node:path';
import { ServingError, sliceData, type Tensor, type TensorData } from '@berth/core/inference';
import type { OpenRunner, Runner, RunnerOptions } from '../runners/runner.ts';

/**
 * A runner without ONNX Runtime that does what the conformance suite's models do, by the name of their file. `gate`
 * holds every run until it resolves, so that a test decides how long a run takes.
 */
export function fakeRunner(gate: () => Promise<void> = () => Promise.resolve()): OpenRunner {
  return async (options) => {
    const compute = computeOf(options);
    let isClosed = false;
    let last: Promise<unknown> = Promise.resolve();
    const run: Runner['run'] = (inputs) => {
      if (isClosed) return Promise.reject(new ServingError('RunFailed', 'the model has been closed'));
      const result = last.then(gate).then(() => compute(inputs));
      last = result.catch(() => undefined);
      return result;
    };
    return {
      kind: 'inline',
      run,
      failure: () => undefined,
      close: async () => {
        isClosed = true;
        await last;
      },
    };
  };
}

function computeOf({ file, signature }: RunnerOptions): (inputs: readonly Tensor[]) => readonly Tensor[] {
  const model = basename(file, '.onnx');
  const name = signature.outputs[0]?.name as string;
  switch (model) {
    case 'dynamic-two':
      return (inputs) => {
        const [x] = inputs as readonly [Tensor];
        return [{ ...x, name, data: (x.data as Float32Array).map((value) => value * 2) }];
      };
    case 'two-inputs':
      return (inputs) => {
        const [a, b] = inputs as readonly [Tensor, Tensor];
        const rows = a.shape[0] as number;
        const sums = <Sum>({ data }: Tensor, width: number, add: (values: TensorData) => Sum): Sum[] =>
          Array.from({ length: rows }, (_, row) => add(sliceData(data, row * width, (row + 1) * width)));
        const floats = sums(a, 3, (values) => (values as Float32Array).reduce((sum, value) => sum + value, 0));
        const longs = sums(b, 2, (values) => (values as BigInt64Array).reduce((sum, value) => sum + value, 0n));
        return [
          { name, datatype: 'FP32', shape: [rows, 1], data: Float32Array.from(floats) },
          { name: 'sum_b', datatype: 'INT64', shape: [rows, 1], data: BigInt64Array.from(longs) },
        ];
      };
    case 'gather':
      return (inputs) => {
        const [x] = inputs as readonly [Tensor];
        const indices = Array.from(x.data as BigInt64Array, Number);
        if (indices.some((index) => index > 4)) {
          const reason = 'operator Gather: indices element out of data bounds';
          throw new ServingError('ModelRefusedInputs', `the model cannot compute with these inputs (${reason})`);
        }
        const data = Float32Array.from(indices.flatMap((index) => [index, index + 0.5]));
        return [{ name, datatype: 'FP32', shape: [indices.length, 2], data }];
      };
    case 'unknown-op':
      throw new Error('No Op registered for Frobnicate with domain_version of 17');
    default:
      return ([x]) => [{ ...(x as Tensor), name, data: (x as Tensor).data.slice() }];
  }
}

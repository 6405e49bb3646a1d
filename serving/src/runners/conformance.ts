import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Datatype, ServingError, type Signature, type Tensor, type TensorData } from '@berth/core/inference';
import { TEST_MODELS } from '../testing/models.ts';
import type { OpenRunner, Runner } from './runner.ts';

const spec = (name: string, datatype: Datatype, shape: readonly number[]) => ({ name, datatype, shape, symbols: [] });

/** The models of the suite; a runner that is not ONNX Runtime must do as these do. */
const DOUBLE: Signature = { inputs: [spec('x', 'FP32', [-1, -1])], outputs: [spec('y', 'FP32', [-1, -1])] };
const SUMS: Signature = {
  inputs: [spec('a', 'FP32', [-1, 3]), spec('b', 'INT64', [-1, 2])],
  outputs: [spec('sum_a', 'FP32', [-1, 1]), spec('sum_b', 'INT64', [-1, 1])],
};
const LOOKUP: Signature = { inputs: [spec('x', 'INT64', [-1, 1])], outputs: [spec('y', 'FP32', [-1, 2])] };

const float = (name: string, shape: readonly number[], ...values: number[]): Tensor => ({
  name,
  datatype: 'FP32',
  shape,
  data: Float32Array.from(values),
});
const long = (name: string, shape: readonly number[], ...values: bigint[]): Tensor => ({
  name,
  datatype: 'INT64',
  shape,
  data: BigInt64Array.from(values),
});

const ECHOES: ReadonlyArray<readonly [Datatype, file: string, TensorData]> = [
  ['BOOL', 'echo-bool', Uint8Array.of(0, 1)],
  ['UINT8', 'echo-uint8', Uint8Array.of(0, 255)],
  ['UINT16', 'echo-uint16', Uint16Array.of(0, 65535)],
  ['UINT32', 'echo-uint32', Uint32Array.of(0, 2 ** 32 - 1)],
  ['UINT64', 'echo-uint64', BigUint64Array.of(0n, 2n ** 64n - 1n)],
  ['INT8', 'echo-int8', Int8Array.of(-128, 127)],
  ['INT16', 'echo-int16', Int16Array.of(-32768, 32767)],
  ['INT32', 'echo-int32', Int32Array.of(-(2 ** 31), 2 ** 31 - 1)],
  ['INT64', 'echo-int64', BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n)],
  ['FP16', 'echo-fp16', Uint16Array.of(0x3c00, 0xfc00)],
  ['FP32', 'echo-fp32', Float32Array.of(Number.NaN, 3.4028234663852886e38)],
  ['FP64', 'echo-fp64', Float64Array.of(Number.NEGATIVE_INFINITY, 5e-324)],
  ['BYTES', 'echo-string', ['', 'naïve 🚢']],
];

/** What every runner promises. Call it inside a test file with the function that opens the runner. */
export function runnerConformance(name: string, open: OpenRunner): void {
  const openModel = (file: string, signature: Signature) =>
    open({ file: join(TEST_MODELS, `${file}.onnx`), signature, threads: 1 });
  const withModel = async (file: string, signature: Signature, use: (runner: Runner) => Promise<void>) => {
    const runner = await openModel(file, signature);
    // A runner left open would keep the test's process alive.
    await use(runner).finally(() => runner.close());
  };

  describe(`runner ${name}`, () => {
    let double: Runner;
    before(async () => {
      double = await openModel('dynamic-two', DOUBLE);
    });
    after(() => double.close());

    test('computes', async () => {
      assert.deepEqual(await double.run([float('x', [2, 2], 1, 2, 3, 4)]), [float('y', [2, 2], 2, 4, 6, 8)]);
    });

    test('takes several inputs and gives the outputs in the order of the signature', () =>
      withModel('two-inputs', SUMS, async (runner) => {
        const outputs = await runner.run([float('a', [1, 3], 1, 2, 3), long('b', [1, 2], 4n, 2n ** 40n)]);
        assert.deepEqual(outputs, [float('sum_a', [1, 1], 6), long('sum_b', [1, 1], 2n ** 40n + 4n)]);
      }));

    for (const [datatype, file, data] of ECHOES) {
      const signature = { inputs: [spec('x', datatype, [-1, 2])], outputs: [spec('y', datatype, [-1, 2])] };
      test(`carries ${datatype} to its extremes`, () =>
        withModel(file, signature, async (runner) => {
          const [output] = await runner.run([{ name: 'x', datatype, shape: [1, 2], data }]);
          assert.deepEqual(output, { name: 'y', datatype, shape: [1, 2], data });
        }));
    }

    test('leaves the inputs to the caller, and earlier outputs too', async () => {
      const input = float('x', [1, 2], 1, 2);
      const [first] = await double.run([input]);
      await double.run([float('x', [1, 2], 9, 9)]);
      assert.deepEqual(input, float('x', [1, 2], 1, 2));
      assert.deepEqual(first, float('y', [1, 2], 2, 4));
    });

    test('answers runs that are asked for together, each with its own outputs', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => double.run([float('x', [1, 1], at)])));
      assert.deepEqual(
        answers.map(([output]) => output?.data[0]),
        Array.from({ length: 20 }, (_, at) => at * 2),
      );
    });

    test('says what the model cannot compute, and goes on', () =>
      withModel('gather', LOOKUP, async (runner) => {
        await assert.rejects(runner.run([long('x', [1, 1], 9n)]), (error) => {
          assert.ok(error instanceof ServingError);
          assert.equal(error.code, 'ModelRefusedInputs');
          assert.match(
            error.message,
            /^the model cannot compute with these inputs \(operator Gather: .*out of.*bounds/,
          );
          return true;
        });
        assert.deepEqual(await runner.run([long('x', [1, 1], 3n)]), [float('y', [1, 2], 3, 3.5)]);
      }));

    test('throws when the file does not load', async () => {
      await assert.rejects(openModel('unknown-op', DOUBLE), /No Op registered for Frobnicate/);
    });

    test('ends the run under way when it is closed, refuses later ones, and may be closed twice', async () => {
      const runner = await openModel('dynamic-two', DOUBLE);
      const underWay = runner.run([float('x', [1, 1], 21)]);
      await Promise.all([runner.close(), runner.close()]);
      assert.deepEqual(await underWay, [float('y', [1, 1], 42)]);
      await assert.rejects(runner.run([float('x', [1, 1], 1)]), { code: 'RunFailed' });
    });
  });
}

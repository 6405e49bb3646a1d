import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { digestOf } from '@berth/chassis/keys';
import type { Datatype, Tensor, TensorData } from '@berth/core/inference';
import type { RepositoryFiles } from '../testing/assembled.ts';

/** How a door tells a client that it did not answer; each protocol has its own words for these. */
export type DoorFailure =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'notFound'
  | 'unavailable'
  | 'deadline'
  | 'internal';

export type DoorResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly failure: DoorFailure; readonly message: string };

export type DoorRequest = {
  readonly model: string;
  readonly version?: string;
  readonly id?: string;
  readonly timeoutMicros?: number;
  readonly inputs: readonly Tensor[];
  readonly outputs?: readonly string[];
};

export type DoorResponse = {
  readonly model: string;
  readonly version: string;
  readonly id: string;
  readonly outputs: readonly Tensor[];
};

type TensorMetadata = { readonly name: string; readonly datatype: string; readonly shape: readonly number[] };

/**
 * A client of one Open Inference Protocol door, in the protocol's terms. A door is tested through it, so that all doors
 * promise the same: the suite below is the promise.
 */
export type DoorClient = {
  /** The same door, asked with a key. */
  readonly withKey: (key: string) => DoorClient;
  readonly serverLive: () => Promise<boolean>;
  readonly serverReady: () => Promise<boolean>;
  readonly modelReady: (model: string, version?: string) => Promise<DoorResult<boolean>>;
  readonly serverMetadata: () => Promise<{ readonly name: string; readonly version: string }>;
  readonly modelMetadata: (
    model: string,
    version?: string,
  ) => Promise<
    DoorResult<{
      readonly name: string;
      readonly versions: readonly string[];
      readonly platform: string;
      readonly inputs: readonly TensorMetadata[];
      readonly outputs: readonly TensorMetadata[];
    }>
  >;
  readonly infer: (request: DoorRequest) => Promise<DoorResult<DoorResponse>>;
  readonly stop: () => Promise<void>;
};

/** The models that the suite asks. */
const REPOSITORY: RepositoryFiles = {
  iris: { example: 'iris' },
  'sums/1/model.onnx': { model: 'two-inputs.onnx' },
  'lookup/1/model.onnx': { model: 'gather.onnx' },
  'fixed/1/model.onnx': { model: 'add-fixed-batch.onnx' },
  'scalar/1/model.onnx': { model: 'scalar.onnx' },
  'log/1/model.onnx': { model: 'nan.onnx' },
  'mean/1/model.onnx': { model: 'mean-over-first.onnx' },
  'many/serving.yaml': 'versions: all',
  'many/1/model.onnx': { model: 'echo-fp32.onnx' },
  'many/3/model.onnx': { model: 'echo-fp32.onnx' },
  'broken/1/model.onnx': { model: 'unknown-op.onnx' },
  'bool/1/model.onnx': { model: 'echo-bool.onnx' },
  'uint8/1/model.onnx': { model: 'echo-uint8.onnx' },
  'uint16/1/model.onnx': { model: 'echo-uint16.onnx' },
  'uint32/1/model.onnx': { model: 'echo-uint32.onnx' },
  'uint64/1/model.onnx': { model: 'echo-uint64.onnx' },
  'int8/1/model.onnx': { model: 'echo-int8.onnx' },
  'int16/1/model.onnx': { model: 'echo-int16.onnx' },
  'int32/1/model.onnx': { model: 'echo-int32.onnx' },
  'int64/1/model.onnx': { model: 'echo-int64.onnx' },
  'fp32/1/model.onnx': { model: 'echo-fp32.onnx' },
  'fp64/1/model.onnx': { model: 'echo-fp64.onnx' },
  'bytes/1/model.onnx': { model: 'echo-string.onnx' },
};

const tensor = (name: string, datatype: Datatype, shape: readonly number[], data: TensorData): Tensor => ({
  name,
  datatype,
  shape,
  data,
});
const floats = (name: string, shape: readonly number[], ...values: number[]) =>
  tensor(name, 'FP32', shape, Float32Array.from(values));
const longs = (name: string, shape: readonly number[], ...values: bigint[]) =>
  tensor(name, 'INT64', shape, BigInt64Array.from(values));
const row = floats('input', [1, 4], 5.1, 3.5, 1.4, 0.2);

const EXTREMES: ReadonlyArray<readonly [Datatype, TensorData]> = [
  ['BOOL', Uint8Array.of(0, 1)],
  ['UINT8', Uint8Array.of(0, 255)],
  ['UINT16', Uint16Array.of(0, 65535)],
  ['UINT32', Uint32Array.of(0, 2 ** 32 - 1)],
  ['UINT64', BigUint64Array.of(0n, 2n ** 64n - 1n)],
  ['INT8', Int8Array.of(-128, 127)],
  ['INT16', Int16Array.of(-32768, 32767)],
  ['INT32', Int32Array.of(-(2 ** 31), 2 ** 31 - 1)],
  ['INT64', BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n)],
  ['INT64', BigInt64Array.of(2n ** 53n + 1n, -(2n ** 53n) - 1n)],
  ['FP32', Float32Array.of(3.4028234663852886e38, 1.401298464324817e-45)],
  ['FP32', Float32Array.of(Number.NaN, -0)],
  ['FP64', Float64Array.of(1.7976931348623157e308, 5e-324)],
  ['FP64', Float64Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)],
  ['BYTES', ['', 'naïve "quoted"\n🚢']],
];

/** Opens a door over a repository of the given models; where there is a folder of keys, with these. */
export type StartDoor = (files: RepositoryFiles, config?: { readonly keys: string }) => Promise<DoorClient>;

/** What every door promises. */
export function doorConformance(name: string, start: StartDoor): void {
  describe(`door ${name}`, () => {
    let door: DoorClient;
    before(async () => {
      door = await start(REPOSITORY);
    });
    after(() => door.stop());

    const answered = async (request: DoorRequest): Promise<DoorResponse> => {
      const result = await door.infer(request);
      assert.ok(result.ok, inspect(result));
      return result.value;
    };

    test('is live, and not ready while a model is broken', async () => {
      assert.equal(await door.serverLive(), true);
      assert.equal(await door.serverReady(), false);
    });

    test('tells its name and version', async () => {
      assert.deepEqual(await door.serverMetadata(), { name: 'berth', version: '0.0.0' });
    });

    test('tells whether a model is ready', async () => {
      assert.deepEqual(await door.modelReady('iris'), { ok: true, value: true });
      assert.deepEqual(await door.modelReady('many', '1'), { ok: true, value: true });
      const broken = await door.modelReady('broken');
      assert.ok(!broken.ok && broken.failure === 'unavailable');
      assert.match(broken.message, /operator "Frobnicate"/);
    });

    test('tells a model’s signature, with −1 for open dimensions, and its versions', async () => {
      assert.deepEqual(await door.modelMetadata('iris'), {
        ok: true,
        value: {
          name: 'iris',
          versions: ['1'],
          platform: 'onnx_onnxv1',
          inputs: [{ name: 'input', datatype: 'FP32', shape: [-1, 4] }],
          outputs: [
            { name: 'label', datatype: 'INT64', shape: [-1] },
            { name: 'probabilities', datatype: 'FP32', shape: [-1, 3] },
          ],
        },
      });
      const many = await door.modelMetadata('many');
      assert.deepEqual(many.ok && many.value.versions, ['1', '3']);
    });

    test('predicts, echoes the id, and names model and version', async () => {
      const { outputs, ...rest } = await answered({ model: 'iris', id: 'mine-1', inputs: [row] });
      assert.deepEqual(rest, { model: 'iris', version: '1', id: 'mine-1' });
      assert.deepEqual(outputs[0], longs('label', [1], 0n));
      assert.equal(outputs[1]?.data[0], Math.fround(0.9780970811843872));
    });

    test('gives an id of its own where there was none', async () => {
      const { id } = await answered({ model: 'iris', inputs: [row] });
      assert.notEqual(id, '');
    });

    test('answers with the latest version, or the one asked for', async () => {
      const inputs = [floats('x', [1, 2], 1, 2)];
      assert.equal((await answered({ model: 'many', inputs })).version, '3');
      assert.equal((await answered({ model: 'many', version: '1', inputs })).version, '1');
    });

    test('takes inputs in any order and gives the outputs that are asked for, in that order', async () => {
      const inputs = [longs('b', [1, 2], 3n, 4n), floats('a', [1, 3], 1, 2, 3)];
      const all = await answered({ model: 'sums', inputs });
      assert.deepEqual(
        all.outputs.map((output) => output.name),
        ['sum_a', 'sum_b'],
      );
      const some = await answered({ model: 'sums', inputs, outputs: ['sum_b'] });
      assert.deepEqual(some.outputs, [longs('sum_b', [1, 1], 7n)]);
      const turned = await answered({ model: 'sums', inputs, outputs: ['sum_b', 'sum_a'] });
      assert.deepEqual(
        turned.outputs.map((output) => output.name),
        ['sum_b', 'sum_a'],
      );
    });

    test('carries scalars and fixed shapes', async () => {
      assert.deepEqual((await answered({ model: 'scalar', inputs: [floats('x', [], 21)] })).outputs, [
        floats('y', [], 42),
      ]);
      const inputs = [floats('a', [1, 3], 1, 2, 3), floats('b', [1, 3], 1, 1, 1)];
      assert.deepEqual((await answered({ model: 'fixed', inputs })).outputs, [floats('sum', [1, 3], 2, 3, 4)]);
    });

    for (const [datatype, data] of EXTREMES) {
      test(`carries ${datatype} exactly: ${Array.from(data as ArrayLike<unknown>, String).join(', ')}`, async () => {
        const { outputs } = await answered({
          model: datatype.toLowerCase(),
          inputs: [tensor('x', datatype, [1, 2], data)],
        });
        assert.deepEqual(outputs, [tensor('y', datatype, [1, 2], data)]);
      });
    }

    test('answers NaN and infinities', async () => {
      const { outputs } = await answered({ model: 'log', inputs: [floats('x', [3, 1], -1, 0, 1)] });
      assert.deepEqual(outputs, [floats('y', [3, 1], Number.NaN, Number.NEGATIVE_INFINITY, 0)]);
    });

    test('answers many requests at once, each with its own', async () => {
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, at) =>
          answered({ model: 'fp32', id: String(at), inputs: [floats('x', [1, 2], at, -at)] }),
        ),
      );
      answers.forEach(({ id, outputs }, at) => {
        assert.equal(id, String(at));
        assert.deepEqual(outputs, [floats('y', [1, 2], at, -at)]);
      });
    });

    test('does not put requests together whose rows touch each other', async () => {
      const [one, other] = await Promise.all([
        answered({ model: 'mean', inputs: [floats('x', [1, 4], 1, 2, 3, 4)] }),
        answered({ model: 'mean', inputs: [floats('x', [2, 4], 1, 1, 1, 1, 3, 3, 3, 3)] }),
      ]);
      assert.deepEqual(one.outputs, [floats('y', [1, 4], 0, 0, 0, 0)]);
      assert.deepEqual(other.outputs, [floats('y', [2, 4], -1, -1, -1, -1, 1, 1, 1, 1)]);
    });

    const refusals: ReadonlyArray<readonly [what: string, DoorRequest, DoorFailure, RegExp]> = [
      [
        'an unknown model',
        { model: 'nope', inputs: [row] },
        'notFound',
        /^Request for unknown model: 'nope' is not found/,
      ],
      [
        'an unknown version',
        { model: 'iris', version: '7', inputs: [row] },
        'notFound',
        /^Request for unknown model: 'iris' version '7' is not found; its versions are "1"/,
      ],
      [
        'a model that did not load',
        { model: 'broken', inputs: [row] },
        'unavailable',
        /model "broken" is not ready: OperatorUnknown: .*"Frobnicate"/,
      ],
      [
        'no inputs',
        { model: 'iris', inputs: [] },
        'invalid',
        /input "input" is missing: expected 1 input\(s\) "input", got none/,
      ],
      [
        'a missing input',
        { model: 'sums', inputs: [floats('a', [1, 3], 1, 2, 3)] },
        'invalid',
        /input "b" is missing: expected 2 input\(s\) "a", "b", got "a"/,
      ],
      [
        'an unknown input',
        { model: 'iris', inputs: [floats('inptu', [1, 4], 1, 2, 3, 4)] },
        'invalid',
        /unknown input "inptu": the model's input\(s\) are "input"/,
      ],
      ['an input given twice', { model: 'iris', inputs: [row, row] }, 'invalid', /input "input" is given twice/],
      [
        'a wrong datatype',
        { model: 'iris', inputs: [tensor('input', 'FP64', [1, 4], Float64Array.of(1, 2, 3, 4))] },
        'invalid',
        /input "input" must have datatype FP32, got FP64/,
      ],
      [
        'a wrong rank',
        { model: 'iris', inputs: [floats('input', [4], 1, 2, 3, 4)] },
        'invalid',
        /input "input" must have shape \[-1,4\].*, got \[4\]/,
      ],
      [
        'a wrong size',
        { model: 'iris', inputs: [floats('input', [1, 3], 1, 2, 3)] },
        'invalid',
        /input "input" must have shape \[-1,4\].*, got \[1,3\]/,
      ],
      [
        'an empty batch',
        { model: 'iris', inputs: [floats('input', [0, 4])] },
        'invalid',
        /input "input" has shape \[0,4\]: every dimension must be at least 1/,
      ],
      [
        'a huge shape with little data',
        { model: 'iris', inputs: [floats('input', [2 ** 40, 4], 1, 2, 3, 4)] },
        'invalid',
        /"input" has shape \[1099511627776,4\], which means 4398046511104 element\(s\), got 4/,
      ],
      [
        'a shape beyond all numbers',
        { model: 'fp32', inputs: [floats('x', [2 ** 53 - 1, 2], 1)] },
        'invalid',
        /"x" has shape \[9007199254740991,2\], which means more elements than can be/,
      ],
      [
        'too few elements',
        { model: 'iris', inputs: [floats('input', [2, 4], 1, 2, 3, 4)] },
        'invalid',
        /"input" has shape \[2,4\], which means 8 element\(s\), got 4/,
      ],
      [
        'inputs that disagree on their rows',
        { model: 'sums', inputs: [floats('a', [2, 3], 1, 2, 3, 4, 5, 6), longs('b', [1, 2], 1n, 2n)] },
        'invalid',
        /input "b" has 1 row\(s\) and input "a" has 2/,
      ],
      [
        'an unknown output',
        { model: 'iris', inputs: [row], outputs: ['labels'] },
        'invalid',
        /unknown output "labels": the model's output\(s\) are "label", "probabilities"/,
      ],
      [
        'an output asked for twice',
        { model: 'iris', inputs: [row], outputs: ['label', 'label'] },
        'invalid',
        /output "label" is asked for twice/,
      ],
      [
        'what the model cannot compute',
        { model: 'lookup', inputs: [longs('x', [1, 1], 99n)] },
        'invalid',
        /the model cannot compute with these inputs \(operator Gather: /,
      ],
    ];
    for (const [what, request, failure, sentence] of refusals) {
      test(`refuses ${what}, in a sentence`, async () => {
        const result = await door.infer(request);
        assert.ok(!result.ok, inspect(result));
        assert.equal(result.failure, failure, result.message);
        assert.match(result.message, sentence);
        await answered({ model: 'iris', inputs: [row] });
      });
    }

    test('one request that cannot be computed does not spoil those that came with it', async () => {
      const asked = [1n, 99n, 2n].map((index) => door.infer({ model: 'lookup', inputs: [longs('x', [1, 1], index)] }));
      const [good, bad, fine] = await Promise.all(asked);
      assert.deepEqual(good?.ok && good.value.outputs, [floats('y', [1, 2], 1, 1.5)]);
      assert.equal(bad?.ok, false);
      assert.deepEqual(fine?.ok && fine.value.outputs, [floats('y', [1, 2], 2, 2.5)]);
    });
  });

  describe(`door ${name}, where keys are asked for`, () => {
    let folder: string;
    let door: DoorClient;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'berth-door-'));
      const line = (key: string, model: string) => `${key} sha256:${digestOf(key)} ${model}\n`;
      writeFileSync(join(folder, 'keys'), line('iris-key', 'iris') + line('lost-key', 'nope'));
      door = await start({ iris: { example: 'iris' } }, { keys: folder });
    });
    after(async () => {
      await door.stop();
      rmSync(folder, { recursive: true });
    });

    test('tells everybody whether it is live and ready, and its name', async () => {
      assert.deepEqual([await door.serverLive(), await door.serverReady()], [true, true]);
      assert.equal((await door.serverMetadata()).name, 'berth');
    });

    const calls: ReadonlyArray<
      readonly [what: string, (as: DoorClient, model: string) => Promise<DoorResult<unknown>>]
    > = [
      ['a prediction', (as, model) => as.infer({ model, inputs: [row] })],
      ['a signature', (as, model) => as.modelMetadata(model)],
      ['readiness', (as, model) => as.modelReady(model)],
      ['a version', (as, model) => as.modelReady(model, '1')],
    ];
    const callers: ReadonlyArray<
      readonly [who: string, key: string | undefined, model: string, failure: DoorFailure | undefined]
    > = [
      ['no key', undefined, 'iris', 'unauthenticated'],
      ['another key', 'other-key', 'iris', 'unauthenticated'],
      ['a key for another model', 'lost-key', 'iris', 'forbidden'],
      ['a key for another model than one that is not there', 'iris-key', 'nope', 'forbidden'],
      ['a key for a model that is not there', 'lost-key', 'nope', 'notFound'],
      ['a key for the model', 'iris-key', 'iris', undefined],
    ];
    for (const [what, call] of calls) {
      for (const [who, key, model, failure] of callers) {
        test(`${failure === undefined ? 'gives' : 'refuses'} ${what} to ${who}`, async () => {
          const result = await call(key === undefined ? door : door.withKey(key), model);
          assert.equal(result.ok ? undefined : result.failure, failure, inspect(result));
        });
      }
    }
  });
}

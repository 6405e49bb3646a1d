import { type Datatype, ServingError, type Tensor, type TensorData, type TensorSpec } from '@berth/core/inference';
import { env, InferenceSession } from 'onnxruntime-node';
import type { RunnerOptions } from './runner.ts';

const ORT_TYPE = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  // ONNX Runtime for Node refuses models with bfloat16 inputs or outputs when it loads them.
  BF16: 'bfloat16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
} as const satisfies Record<Datatype, string>;

export type OnnxSession = {
  readonly run: (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>;
  readonly release: () => Promise<void>;
};

/** Opens an ONNX Runtime session on the thread that calls. Both loading and running hold that thread up. */
export async function openSession({ file, signature, threads }: RunnerOptions): Promise<OnnxSession> {
  // Its messages come back as exceptions; on stderr they would break the log's format.
  env.logLevel = 'fatal';
  const session = await InferenceSession.create(file, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    // Threads that spin for work take CPU time that a container pays for.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  return {
    run: async (inputs) => {
      const feeds: Record<string, unknown> = {};
      for (const { name, datatype, shape, data } of inputs) {
        // Not its Tensor class: that refuses float16 where JavaScript has Float16Array.
        feeds[name] = { type: ORT_TYPE[datatype], data, dims: shape, location: 'cpu' };
      }
      let results: InferenceSession.OnnxValueMapType;
      try {
        results = await session.run(feeds as InferenceSession.OnnxValueMapType);
      } catch (error) {
        throw runError(error as Error);
      }
      return signature.outputs.map((spec) => toTensor(spec, results[spec.name] as unknown as OrtTensor));
    },
    release: () => session.release(),
  };
}

type OrtTensor = { readonly dims: readonly number[]; readonly data: ArrayLike<unknown> & Partial<ArrayBufferView> };

function toTensor({ name, datatype }: TensorSpec, { dims, data }: OrtTensor): Tensor {
  const isBits = datatype === 'FP16' && data.buffer !== undefined;
  const elements = isBits ? new Uint16Array(data.buffer as ArrayBuffer, data.byteOffset, data.length) : data;
  return { name, datatype, shape: dims, data: elements as TensorData };
}

/**
 * A run that fails says that these inputs cannot be computed: the same inputs would fail again.
 * `…while running Gather node. Name:'g' Status Message: indices out of bounds` → `operator Gather: indices out of bounds`
 */
function runError(error: Error): ServingError {
  const text = error.message.trim();
  // An If or a Loop wraps the message of the operator inside it, which is the one that tells.
  const inner = [...text.matchAll(/running (\S+) node\. Name:'[^']*' Status Message: /g)].at(-1);
  const status = inner === undefined ? text : text.slice(inner.index + inner[0].length);
  const isMemory = /bad_alloc|AllocateRawInternal|Failed to allocate/.test(status);
  const reason = isMemory ? 'it needs more memory than there is' : withoutSourceLine(status);
  const operator = inner === undefined ? '' : `operator ${inner[1]}: `;
  return new ServingError('ModelRefusedInputs', `the model cannot compute with these inputs (${operator}${reason})`, {
    cause: error,
  });
}

/** `matmul_helper.h:59 Compute MatMul dimension mismatch` → `MatMul dimension mismatch` */
function withoutSourceLine(status: string): string {
  return status.replace(/^\S+\.(?:h|cc):\d+ \S+ /, '').replace(/\s+/g, ' ');
}

export function onnxRuntimeVersion(): string {
  return env.versions.node ?? env.versions.common;
}

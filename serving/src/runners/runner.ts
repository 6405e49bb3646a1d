import type { Signature, Tensor } from '@berth/core/inference';
import type { RunnerKind } from '@berth/core/placement';

/**
 * Computes a model's outputs. The port has one conformance suite (`conformance.ts`) that every implementation passes.
 */
export type Runner = {
  readonly kind: RunnerKind;
  /**
   * Runs the model once. `inputs` are the signature's, in its order; they stay the caller's and are not changed. The
   * outputs come in the signature's order and are the caller's. Runs do not overlap: the next one waits its turn.
   *
   * @throws ServingError `ModelRefusedInputs` when the model cannot compute with these inputs, `RunFailed` when the
   * runner is broken or out of memory
   */
  readonly run: (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>;
  /** Why the runner can run no more, once it is broken. */
  readonly failure: () => string | undefined;
  /** Frees the model. A run under way ends first; later ones fail with `RunFailed`. */
  readonly close: () => Promise<void>;
};

export type RunnerOptions = {
  readonly file: string;
  readonly signature: Signature;
  /** Threads that one run may use. */
  readonly threads: number;
};

/** @throws Error with ONNX Runtime's own words when the file does not load */
export type OpenRunner = (options: RunnerOptions) => Promise<Runner>;

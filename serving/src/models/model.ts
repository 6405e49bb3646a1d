import type { Signature } from '@berth/core/inference';
import type { RunnerKind } from '@berth/core/placement';
import type { Classes } from '@berth/core/rows';
import type { Batcher } from '../batcher/batcher.ts';
import type { LoadProblem } from './load-problem.ts';

/** A version of a model that answers. */
export type LoadedModel = {
  readonly name: string;
  readonly version: string;
  readonly signature: Signature;
  readonly opsets: Readonly<Record<string, number>>;
  readonly features: readonly string[] | undefined;
  readonly classes: Classes | undefined;
  /** A body of `POST /predict` that is known to work. */
  readonly example: unknown;
  readonly batcher: Batcher;
  readonly runner: RunnerKind;
  /** 1 where requests are not put together. */
  readonly maxRows: number;
  readonly fileBytes: number;
  /** Growth of the process's resident memory while it was loaded: an estimate. */
  readonly memoryBytes: number;
  readonly loadMs: number;
  readonly runMs: number;
  readonly close: () => Promise<void>;
};

export type LoadStep = 'checking' | 'loading' | 'warming';

/** Where a version stands on its way to answering. */
export type ModelState =
  | { readonly phase: 'waiting' }
  | { readonly phase: 'loading'; readonly step: LoadStep; readonly since: number }
  | { readonly phase: 'ready'; readonly model: LoadedModel }
  | { readonly phase: 'failed'; readonly problem: LoadProblem };

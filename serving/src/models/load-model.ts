import { makeProbeRows, mergeRows, rowsAreIndependent } from '@berth/core/batching';
import { checkInputs, ServingError, type Signature, type Tensor } from '@berth/core/inference';
import { hasBatchDimension } from '@berth/core/onnx';
import { chooseRunner, firstRunner, type RunnerKind, threadsPerRun } from '@berth/core/placement';
import {
  type Classes,
  findClasses,
  makeExample,
  makeZeroInputs,
  notProbabilities,
  readFriendly,
} from '@berth/core/rows';
import type { ModelSettings } from '@berth/core/settings';
import { Batcher, type QueueLimits } from '../batcher/batcher.ts';
import { MODEL_FILE, shownPath, type VersionFolder } from '../repository/scan-repository.ts';
import { RUNNERS } from '../runners/open-runner.ts';
import type { Runner, RunnerOptions } from '../runners/runner.ts';
import { explainRuntimeError, LoadProblem } from './load-problem.ts';
import type { LoadedModel, LoadStep } from './model.ts';
import { checkDigests, readModelFile } from './read-model-file.ts';

const DEFAULT_MAX_ROWS = 64;
const DEFAULT_WARM_UP_RUNS = 3;

export type LoadOptions = {
  readonly name: string;
  readonly version: VersionFolder;
  /** The model's folder, which the digests' paths start from, and the repository's. */
  readonly folder: string;
  readonly top: string;
  readonly settings: ModelSettings;
  readonly cpuCores: number | undefined;
  readonly queueLimits: () => QueueLimits;
  readonly now: () => number;
  readonly residentBytes: () => number;
  readonly reached: (step: LoadStep) => void;
  readonly ran: (rows: number, durationMs: number) => void;
};

/**
 * Brings a version of a model to where it can answer: digests, header, session, warm-up with the example, the choice
 * of its runner by measurement, and the proof that its rows may be batched.
 *
 * @throws LoadProblem
 */
export async function loadModel(options: LoadOptions): Promise<LoadedModel> {
  const { name, version, top, settings, now, reached } = options;
  const started = now();
  const memoryBefore = options.residentBytes();
  const path = `${version.folder}/${MODEL_FILE}`;
  const shown = shownPath(top, path);

  reached('checking');
  await checkDigests(top, options.folder, version.version, settings.sha256 ?? {});
  const file = readModelFile(top, path, shown);
  const classes = classesOf(file.signature, settings);
  const example = exampleOf(file.signature, settings);

  reached('loading');
  const open = async (kind: RunnerKind): Promise<Runner> => {
    const runnerOptions: RunnerOptions = {
      file: file.path,
      signature: file.signature,
      threads: threadsPerRun(kind, options.cpuCores),
    };
    try {
      return await RUNNERS[kind](runnerOptions);
    } catch (error) {
      throw explainRuntimeError(shown, error as Error, file.header.opsets);
    }
  };
  const first = firstRunner(file.sizeBytes);
  let runner = await open(first);

  try {
    reached('warming');
    const runs = settings.warmUp?.runs ?? DEFAULT_WARM_UP_RUNS;
    const warmed = await warmUp(runner, example, runs, classes, now);
    if (chooseRunner(first, warmed.runMs) !== runner.kind) {
      await runner.close();
      runner = await open('thread');
      await warmUp(runner, example, runs, classes, now);
    }
    const asked = settings.batching?.maxRows ?? DEFAULT_MAX_ROWS;
    const canBatch = asked > 1 && hasBatchDimension(file.signature) && (await batchesSafely(runner, example.inputs));
    const maxRows = canBatch ? asked : 1;
    const batcher = new Batcher({
      runner,
      signature: file.signature,
      maxRows,
      limits: options.queueLimits,
      now,
      ran: options.ran,
    });
    return {
      name,
      version: version.version,
      signature: file.signature,
      opsets: file.header.opsets,
      features: settings.features,
      classes,
      example: example.body,
      batcher,
      runner: runner.kind,
      maxRows,
      fileBytes: file.sizeBytes,
      memoryBytes: Math.max(0, options.residentBytes() - memoryBefore),
      loadMs: now() - started,
      runMs: warmed.runMs,
      close: runner.close,
    };
  } catch (error) {
    await runner.close();
    throw error;
  }
}

function classesOf(signature: Signature, { labels, features }: ModelSettings): Classes | undefined {
  const [input] = signature.inputs;
  const columns = input?.shape.at(-1);
  const takesFeatures = signature.inputs.length === 1 && input?.shape.length === 2;
  if (features !== undefined && !(takesFeatures && (columns === -1 || columns === features.length))) {
    throw new LoadProblem(
      'SettingsInvalid',
      `features: expected one input of shape [-1,${features.length}], found ${signature.inputs.length} input(s), ` +
        `the first of shape [${input?.shape.join() ?? ''}]`,
    );
  }
  if (labels === undefined) return undefined;
  const found = findClasses(signature, labels);
  if (!found.ok) throw new LoadProblem('SettingsInvalid', found.problem);
  return found.classes;
}

type Example = { readonly body: unknown; readonly inputs: readonly Tensor[]; readonly isGiven: boolean };

function exampleOf(signature: Signature, settings: ModelSettings): Example {
  if (settings.example === undefined) {
    return { body: makeExample(signature), inputs: makeZeroInputs(signature), isGiven: false };
  }
  try {
    const inputs = checkInputs(signature, readFriendly(signature, settings.features, settings.example));
    return { body: settings.example, inputs, isGiven: true };
  } catch (error) {
    throw new LoadProblem('SettingsInvalid', `example: ${(error as Error).message}`, { cause: error });
  }
}

/** A run this long on the answering thread is no place to be: no more of them than it takes to know. */
const HOLDS_UP_MS = 20;

/** Runs the example and gives the time of the fastest run. Made-up inputs may fail: nobody said that zeros make sense. */
async function warmUp(
  runner: Runner,
  example: Example,
  runs: number,
  classes: Classes | undefined,
  now: () => number,
): Promise<{ readonly runMs: number }> {
  let runMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const started = now();
    try {
      const outputs = await runner.run(example.inputs);
      const problem = classes && isTelling(example, outputs) ? notProbabilities(classes, outputs) : undefined;
      if (problem !== undefined) throw new LoadProblem('SettingsInvalid', problem);
    } catch (error) {
      if (!(error instanceof ServingError) || error.code !== 'ModelRefusedInputs') throw error;
      if (example.isGiven) throw new LoadProblem('ExampleFailed', `example: ${error.message}`, { cause: error });
    }
    runMs = Math.min(runMs, now() - started);
    if (runner.kind === 'inline' && runMs > HOLDS_UP_MS) break;
  }
  return { runMs };
}

/** Whether outputs say what the model does: of zeros that nobody gave, NaN says nothing. */
function isTelling({ isGiven }: Example, outputs: readonly Tensor[]): boolean {
  return isGiven || !outputs.some(({ data }) => (data as readonly unknown[]).includes(Number.NaN));
}

/** Runs different rows together and each alone, and compares. Rows that the model refuses alone prove nothing. */
async function batchesSafely(runner: Runner, inputs: readonly Tensor[]): Promise<boolean> {
  const rows: (readonly Tensor[])[] = [];
  const alone: (readonly Tensor[])[] = [];
  for (const row of makeProbeRows(inputs)) {
    const outputs = await runIfTaken(runner, row);
    if (outputs === undefined) continue;
    rows.push(row);
    alone.push(outputs);
  }
  const together = rows.length > 1 ? await runIfTaken(runner, mergeRows(rows)) : undefined;
  return together !== undefined && rowsAreIndependent(together, alone);
}

async function runIfTaken(runner: Runner, inputs: readonly Tensor[]): Promise<readonly Tensor[] | undefined> {
  try {
    return await runner.run(inputs);
  } catch (error) {
    if (error instanceof ServingError && error.code === 'ModelRefusedInputs') return undefined;
    throw error;
  }
}

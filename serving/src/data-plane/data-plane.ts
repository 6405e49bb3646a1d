import { askedOutputs, checkInputs, ServingError, type Tensor } from '@berth/core/inference';
import type { Door, ServingMetrics } from '../metrics.ts';
import type { Catalog } from '../models/catalog.ts';
import type { LoadedModel } from '../models/model.ts';

/** What a request asks once a door has translated it. */
export type InferenceRequest = {
  readonly inputs: readonly Tensor[];
  /** Names of the outputs wanted, in order; all when left out. */
  readonly outputs?: readonly string[] | undefined;
  /** How long the client gives it; never longer than the server's own limit. */
  readonly timeoutMs?: number | undefined;
};

export type DataPlaneOptions = {
  readonly catalog: Catalog;
  readonly metrics: ServingMetrics;
  /** Read at every request, so that they can change. */
  readonly limits: () => { readonly timeoutMs: number; readonly answerElements: number };
  readonly now: () => number;
};

/**
 * What a prediction means, whatever protocol it came by: which model, is it ready, do the tensors fit, how long may it
 * take, which outputs. Doors translate to this and back, and do nothing else.
 */
export class DataPlane {
  readonly catalog: Catalog;
  readonly #options: DataPlaneOptions;

  constructor(options: DataPlaneOptions) {
    this.catalog = options.catalog;
    this.#options = options;
  }

  /**
   * Answers one request at the model that `name` and `version` mean (the default and the latest where they are left
   * out), and counts it. `translate` turns the request into tensors for that model, `answer` the outputs into the
   * protocol's form.
   *
   * @throws ServingError
   */
  async serve<Answer>(
    {
      door,
      name,
      version,
      hasLeft,
    }: { door: Door; name?: string | undefined; version?: string | undefined; hasLeft: () => boolean },
    translate: (model: LoadedModel) => InferenceRequest,
    answer: (model: LoadedModel, outputs: readonly Tensor[]) => Answer | Promise<Answer>,
  ): Promise<Answer> {
    const { now, metrics, catalog } = this.#options;
    const started = now();
    let asked = '';
    try {
      const wanted = name ?? catalog.defaultName();
      if (catalog.has(wanted)) asked = wanted;
      const model = catalog.find(wanted, version);
      const meters = metrics.forModel(model.name, model.version);
      meters.requests[door].add();
      meters.inFlight++;
      try {
        const request = translate(model);
        return await answer(model, await this.#infer(model, request, started, hasLeft));
      } finally {
        meters.inFlight--;
        meters.duration.observe((now() - started) / 1000);
      }
    } catch (error) {
      if (error instanceof ServingError) error.model = asked;
      throw error;
    }
  }

  async #infer(
    model: LoadedModel,
    { inputs, outputs: names, timeoutMs = Number.POSITIVE_INFINITY }: InferenceRequest,
    started: number,
    hasLeft: () => boolean,
  ): Promise<readonly Tensor[]> {
    const { timeoutMs: longestMs, answerElements } = this.#options.limits();
    const wanted = askedOutputs(model.signature, names);
    const outputs = await model.batcher.submit({
      inputs: checkInputs(model.signature, inputs),
      deadline: started + Math.min(timeoutMs, longestMs),
      hasLeft,
    });
    const answered = wanted === undefined ? outputs : wanted.map((at) => outputs[at] as Tensor);
    let elements = 0;
    for (const { data } of answered) elements += data.length;
    if (elements <= answerElements) return answered;
    throw new ServingError(
      'AnswerTooLarge',
      `the answer has ${elements} elements, and may have ${answerElements} (maxAnswerElements): send fewer rows at a time`,
    );
  }
}

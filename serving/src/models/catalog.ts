import { type Finding, finding } from '@berth/chassis/health';
import { listed, modelNotFound, ServingError, versionNotFound } from '@berth/core/inference';
import type { LoadProblem } from './load-problem.ts';
import type { LoadedModel, ModelState } from './model.ts';

/** A line of the repository index, as Triton's model repository extension has it. */
export type IndexEntry = {
  readonly name: string;
  readonly version: string;
  readonly state: 'LOADING' | 'READY' | 'UNAVAILABLE';
  readonly reason: string;
};

const INDEX_STATE = { waiting: 'LOADING', loading: 'LOADING', ready: 'READY', failed: 'UNAVAILABLE' } as const;

/** All models and versions of the server, and where each stands. */
export class Catalog {
  readonly #models = new Map<string, Map<string, ModelState>>();
  #defaultModel: string | undefined;
  readonly #now: () => number;

  /** `defaultModel` is the one that the configuration names. */
  constructor(defaultModel: string | undefined, now: () => number) {
    this.#defaultModel = defaultModel;
    this.#now = now;
  }

  /** Sets where a version stands. Until its versions are known, or when they cannot be, a model has the version `''`. */
  set(name: string, version: string, state: ModelState): void {
    const versions = this.#models.get(name) ?? new Map<string, ModelState>();
    if (version !== '') versions.delete('');
    versions.set(version, state);
    this.#models.set(name, versions);
  }

  names(): readonly string[] {
    return [...this.#models.keys()];
  }

  has(name: string): boolean {
    return this.#models.has(name);
  }

  /** The versions of a model that are served, failed ones included, ascending. */
  versions(name: string): readonly string[] {
    return [...(this.#models.get(name)?.keys() ?? [])].filter((version) => version !== '').sort((a, b) => +a - +b);
  }

  states(): readonly (readonly [name: string, version: string, state: ModelState])[] {
    return [...this.#models].flatMap(([name, versions]) =>
      [...versions].map(([version, state]) => [name, version, state] as const),
    );
  }

  loaded(): readonly LoadedModel[] {
    return this.states().flatMap(([, , state]) => (state.phase === 'ready' ? [state.model] : []));
  }

  /** Takes the model that calls itself the default, unless the configuration names one. */
  offerDefault(name: string): void {
    this.#defaultModel ??= name;
  }

  /**
   * The name that a request without one means: the default, or the only model.
   *
   * @throws ServingError `ModelAmbiguous`, naming the choices that may be told
   */
  defaultName(mayTell: (name: string) => boolean = () => true): string {
    const names = this.names();
    if (this.#defaultModel !== undefined) return this.#defaultModel;
    if (names.length === 1) return names[0] as string;
    const choices = names.filter(mayTell);
    const expected = choices.length === 0 ? 'its name' : `one of ${listed(choices)}`;
    throw new ServingError(
      'ModelAmbiguous',
      `which model? expected ${expected} in the path, as /models/${choices[0] ?? '{model}'}/predict; or set defaultModel`,
    );
  }

  /** A path whose GET shows a prediction: `/predict` where that has a model, else the first model's own. */
  tryPath(): string {
    const [first = ''] = this.names();
    const hasDefault = this.#defaultModel !== undefined || this.names().length === 1;
    return hasDefault ? '/predict' : `/models/${encodeURIComponent(first)}/predict`;
  }

  /**
   * The model that answers a request: the version asked for, or the latest.
   *
   * @throws ServingError `ModelNotFound`, `ModelNotReady`
   */
  find(name: string, version?: string): LoadedModel {
    const state = this.state(name, version);
    if (state.phase === 'ready') return state.model;
    throw new ServingError('ModelNotReady', `model "${name}" is not ready: ${this.#stateText(state)}`);
  }

  /** Where the version asked for, or the latest, stands. @throws ServingError `ModelNotFound` */
  state(name: string, version?: string): ModelState {
    const versions = this.#models.get(name);
    if (versions === undefined) throw modelNotFound(name, this.names());
    const state = versions.get(version ?? this.versions(name).at(-1) ?? '');
    if (state === undefined) throw versionNotFound(name, version ?? '', this.versions(name));
    return state;
  }

  index(): readonly IndexEntry[] {
    return this.states().map(([name, version, state]) => ({
      name,
      version,
      state: INDEX_STATE[state.phase],
      reason: state.phase === 'ready' ? '' : this.#stateText(state),
    }));
  }

  /** Whether loading has come to an end, well or not; the reasons tell how far it is. */
  startup(): Finding {
    const states = this.states();
    const pending = states.filter(([, , { phase }]) => phase === 'waiting' || phase === 'loading');
    if (pending.length === 0) return finding([]);
    const progress = `${states.length - pending.length} of ${states.length} model version(s) are loaded`;
    return finding([progress, ...pending.map((entry) => this.#entryText(...entry))]);
  }

  /** Whether every model is ready; the reasons name those that are not. */
  ready(): Finding {
    return finding(
      this.states()
        .filter(([, , { phase }]) => phase !== 'ready')
        .map((entry) => this.#entryText(...entry)),
    );
  }

  /** Whether every runner gets on with its run; the reasons name those that are broken, or stand still for `stallMs`. */
  live(stallMs: number): Finding {
    return finding(
      this.loaded().flatMap(({ name, version, batcher }) => {
        const failure = batcher.failure();
        const seconds = Math.round(batcher.runningForMs() / 1000);
        if (failure !== undefined) return [`model "${name}" version ${version}: ${failure}`];
        return batcher.runningForMs() > stallMs
          ? [`model "${name}" version ${version}: a run has made no progress for ${seconds} s`]
          : [];
      }),
    );
  }

  #entryText(name: string, version: string, state: ModelState): string {
    return `model "${name}"${version === '' ? '' : ` version ${version}`}: ${this.#stateText(state)}`;
  }

  #stateText(state: ModelState): string {
    switch (state.phase) {
      case 'waiting':
        return 'waiting to be loaded';
      case 'loading':
        return `${state.step}, for ${((this.#now() - state.since) / 1000).toFixed(1)} s`;
      case 'ready':
        return 'ready';
      case 'failed':
        return problemText(state.problem);
    }
  }
}

function problemText({ code, message }: LoadProblem): string {
  return `${code}: ${message}`;
}

import { readYaml } from '@berth/chassis/config';
import type { Logger } from '@berth/chassis/log';
import { check, problemText } from '@berth/core/schema';
import { MODEL_SETTINGS, type ModelSettings } from '@berth/core/settings';
import { type ModelFolder, selectVersions, shownPath, type VersionFolder } from '../repository/scan-repository.ts';
import type { Catalog } from './catalog.ts';
import { type LoadOptions, loadModel } from './load-model.ts';
import { LoadProblem } from './load-problem.ts';

export type RepositoryOptions = Pick<LoadOptions, 'cpuCores' | 'queueLimits' | 'now' | 'residentBytes'> & {
  readonly top: string;
  readonly catalog: Catalog;
  readonly log: Logger;
  readonly ran: (name: string, version: string) => LoadOptions['ran'];
  /** Whether the server is ending, so that no further model is wanted. */
  readonly isStopping: () => boolean;
};

type Planned = { readonly model: ModelFolder; readonly settings: ModelSettings; readonly version: VersionFolder };

/**
 * Loads every model of the repository, one after the other, and keeps the catalog up to date. A model that does not
 * load is in the catalog with the reason; the others go on.
 */
export async function loadRepository(models: readonly ModelFolder[], options: RepositoryOptions): Promise<void> {
  const planned: Planned[] = [];
  for (const model of models) planned.push(...(await plan(model, options)));
  chooseDefault(planned, options);
  for (const { model, settings, version } of planned) {
    if (options.isStopping()) return;
    await load(model, settings, version, options);
  }
}

/** One model may call itself the default. Of several none is, since which one would be chance. */
function chooseDefault(planned: readonly Planned[], { catalog, log }: RepositoryOptions): void {
  const names = [...new Set(planned.filter(({ settings }) => settings.default).map(({ model }) => model.name))];
  if (names.length > 1) log.warn('several models call themselves the default', { models: names });
  else if (names[0] !== undefined) catalog.offerDefault(names[0]);
}

/** Decides which versions of a model to load, and enters them, or what is wrong, into the catalog. */
async function plan(model: ModelFolder, { catalog, log, top }: RepositoryOptions): Promise<readonly Planned[]> {
  try {
    if (model.problem !== undefined) throw new LoadProblem('RepositoryInvalid', model.problem);
    const settings = await readSettings(model, top);
    const selected = selectVersions(model.versions, settings.versions);
    if (!selected.ok) throw new LoadProblem('SettingsInvalid', selected.problem);
    return selected.versions.map((version) => {
      catalog.set(model.name, version.version, { phase: 'waiting' });
      return { model, settings, version };
    });
  } catch (error) {
    const problem = asProblem(error);
    catalog.set(model.name, '', { phase: 'failed', problem });
    log.error('model not loaded', { model: model.name, reason: problem.code, problem: problem.message });
    return [];
  }
}

async function readSettings(model: ModelFolder, top: string): Promise<ModelSettings> {
  if (model.settingsFile === undefined) return {};
  const document = await readYaml(model.settingsFile);
  const checked = document.ok ? check(MODEL_SETTINGS, document.value ?? {}) : document;
  if (checked.ok) return checked.value as ModelSettings;
  const file = shownPath(top, model.settingsFile);
  throw new LoadProblem(
    'SettingsInvalid',
    document.ok
      ? `${file}: ${checked.problems.map(problemText).join('; ')}`
      : checked.problems.map((problem) => problemText({ ...problem, field: file })).join('; '),
  );
}

async function load(
  { name, folder }: ModelFolder,
  settings: ModelSettings,
  version: VersionFolder,
  options: RepositoryOptions,
): Promise<void> {
  const { catalog, log, now } = options;
  const fields = { model: name, version: version.version };
  const since = now();
  try {
    const model = await loadModel({
      ...options,
      name,
      folder,
      settings,
      version,
      reached: (step) => catalog.set(name, version.version, { phase: 'loading', step, since }),
      ran: options.ran(name, version.version),
    });
    catalog.set(name, version.version, { phase: 'ready', model });
    log.info('model loaded', {
      ...fields,
      runner: model.runner,
      max_rows: model.maxRows,
      load_ms: Math.round(model.loadMs),
      run_ms: Number(model.runMs.toFixed(3)),
      file_bytes: model.fileBytes,
      memory_bytes: model.memoryBytes,
    });
  } catch (error) {
    const problem = asProblem(error);
    catalog.set(name, version.version, { phase: 'failed', problem });
    log.error('model not loaded', { ...fields, reason: problem.code, problem: problem.message });
  }
}

function asProblem(error: unknown): LoadProblem {
  return error instanceof LoadProblem
    ? error
    : new LoadProblem('RuntimeRefused', (error as Error).message, { cause: error });
}

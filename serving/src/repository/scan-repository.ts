import { readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import type { ModelSettings } from '@berth/core/settings';

export const MODEL_FILE = 'model.onnx';
const SETTINGS_FILE = 'serving.yaml';
/** The name of a version's folder. */
export const VERSION: RegExp = /^[1-9]\d*$/;

/** A version of a model as it lies in the repository. */
export type VersionFolder = { readonly version: string; readonly folder: string };

/** A folder of the repository that is a model, or should be one: then `problem` says what is wrong with it. */
export type ModelFolder = {
  readonly name: string;
  readonly folder: string;
  /** Ascending by number. */
  readonly versions: readonly VersionFolder[];
  readonly settingsFile: string | undefined;
  readonly problem: string | undefined;
};

/** The repository itself cannot be used. */
export class RepositoryError extends Error {
  override readonly name = 'RepositoryError';
  readonly code = 'RepositoryInvalid';
}

/**
 * Finds the models of a repository in Triton's layout: `<model>/<version>/model.onnx`, where versions are whole
 * numbers; `<model>/model.onnx` is version 1. Names that begin with a dot are no models: ConfigMap volumes keep their
 * data in such. Nor is `lost+found`. Links are resolved, and refused when they lead out of the repository.
 *
 * @throws RepositoryError when the folder is not there, or has no models
 */
export function scanRepository(root: string): readonly ModelFolder[] {
  const top = realFolder(root);
  const models = entriesOf(top).flatMap((name) => {
    try {
      return isFile(join(top, name)) ? [] : [scanModel(top, name)];
    } catch (error) {
      // A folder that may not be read, a link to nothing or to itself: the others go on.
      return [{ ...noModel(top, name), problem: `${name} cannot be read: ${(error as Error).message}` }];
    }
  });
  if (models.length > 0) return models;
  const advice = entriesOf(top).includes(MODEL_FILE)
    ? `it is itself a model: give the folder above it (${join(root, '..')})`
    : `expected <model>/${MODEL_FILE} or <model>/<version>/${MODEL_FILE} in it`;
  throw new RepositoryError(`the model repository ${root} has no models: ${advice}`);
}

function realFolder(root: string): string {
  try {
    const top = realpathSync(root);
    if (statSync(top).isDirectory()) return top;
  } catch (error) {
    throw new RepositoryError(`the model repository ${root} cannot be read: ${(error as Error).message}`);
  }
  throw new RepositoryError(`the model repository ${root} is a file: give the folder that holds the models' folders`);
}

function scanModel(top: string, name: string): ModelFolder {
  const folder = resolveInside(top, join(top, name));
  if (folder === undefined) return { ...noModel(top, name), problem: `the folder ${name} leads out of the repository` };
  const entries = entriesOf(folder);
  const numbered = entries
    .filter((entry) => VERSION.test(entry))
    .sort((a, b) => Number(a) - Number(b))
    .map((version) => ({ version, folder: join(folder, version) }));
  const isFlat = entries.includes(MODEL_FILE);
  const versions = isFlat ? [{ version: '1', folder }] : numbered;
  const hasSettings = entries.includes(SETTINGS_FILE);
  const settingsFile = hasSettings ? resolveInside(top, join(folder, SETTINGS_FILE)) : undefined;
  const problem =
    hasSettings && settingsFile === undefined
      ? `${name}/${SETTINGS_FILE} leads out of the repository`
      : problemOf(name, isFlat, numbered.length, entries);
  return { name, folder, versions, settingsFile, problem };
}

function noModel(top: string, name: string): Omit<ModelFolder, 'problem'> {
  return { name, folder: join(top, name), versions: [], settingsFile: undefined };
}

function problemOf(name: string, isFlat: boolean, numbered: number, entries: readonly string[]): string | undefined {
  if (isFlat && numbered > 0) return `${name} has both ${MODEL_FILE} and version folders: move the file into one`;
  if (isFlat || numbered > 0) return undefined;
  const other = entries.find((entry) => entry.endsWith('.onnx'));
  const found =
    other === undefined ? `found ${entries.length === 0 ? 'nothing' : entries.join(', ')}` : `rename ${other}`;
  return `${name} has no ${MODEL_FILE} and no version folder: ${found}`;
}

/**
 * The real path of a file or folder, or `undefined` when that lies outside `top`.
 *
 * @throws Error (ENOENT …) when it is not there
 */
export function resolveInside(top: string, path: string): string | undefined {
  const real = realpathSync(path);
  const way = relative(top, real);
  return way === '..' || way.startsWith(`..${sep}`) || way.startsWith(sep) ? undefined : real;
}

/** The versions to load, of those there are. */
export function selectVersions(
  versions: readonly VersionFolder[],
  policy: ModelSettings['versions'] = 'latest',
):
  | { readonly ok: true; readonly versions: readonly VersionFolder[] }
  | { readonly ok: false; readonly problem: string } {
  if (policy === 'all') return { ok: true, versions };
  if (policy === 'latest') return { ok: true, versions: versions.slice(-1) };
  const missing = policy.filter((wanted) => !versions.some(({ version }) => version === String(wanted)));
  return missing.length === 0
    ? { ok: true, versions: versions.filter(({ version }) => policy.includes(Number(version))) }
    : {
        ok: false,
        problem: `versions: expected folders ${missing.join(', ')}, found ${versions.map(({ version }) => version).join(', ')}`,
      };
}

/** What `mkfs` leaves on a volume of its own. */
const LOST_AND_FOUND = 'lost+found';

function entriesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.') && name !== LOST_AND_FOUND)
    .sort();
}

/** @throws Error (ENOENT, ELOOP …) for a link that leads nowhere */
function isFile(path: string): boolean {
  return !statSync(path).isDirectory();
}

/** A path as messages show it: relative to the repository. */
export function shownPath(top: string, path: string): string {
  return relative(top, path) || basename(path);
}

import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import type { ModelSettings } from '@berth/core/settings';

export const MODEL_FILE = 'model.onnx';
export const SETTINGS_FILE = 'serving.yaml';

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
 * data in such. Links are resolved, and refused when they lead out of the repository.
 *
 * @throws RepositoryError when the folder is not there, or has no models
 */
export function scanRepository(root: string): readonly ModelFolder[] {
  const top = realFolder(root);
  const models = entriesOf(top)
    .filter((name) => isFolder(join(top, name)))
    .map((name) => scanModel(top, name));
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
  const empty = { name, folder: join(top, name), versions: [], settingsFile: undefined };
  const folder = resolveInside(top, join(top, name));
  if (folder === undefined) return { ...empty, problem: `the folder ${name} leads out of the repository` };
  const entries = entriesOf(folder);
  const numbered = entries
    .filter((entry) => /^[1-9]\d*$/.test(entry))
    .sort((a, b) => Number(a) - Number(b))
    .map((version) => ({ version, folder: join(folder, version) }));
  const isFlat = entries.includes(MODEL_FILE);
  const versions = isFlat ? [{ version: '1', folder }] : numbered;
  const settingsFile = entries.includes(SETTINGS_FILE) ? join(folder, SETTINGS_FILE) : undefined;
  return { name, folder, versions, settingsFile, problem: problemOf(name, isFlat, numbered.length, entries) };
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

function entriesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry: Dirent) => entry.name)
    .filter((name) => !name.startsWith('.'))
    .sort();
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** A path as messages show it: relative to the repository. */
export function shownPath(top: string, path: string): string {
  return relative(top, path) || basename(path);
}

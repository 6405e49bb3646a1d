import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Puts a file into a folder as the kubelet mounts a ConfigMap or a Secret: file → ..data/file, and ..data → the folder
 * of this version. With the next version the link is swapped in one step, and the folder of the last goes.
 */
export function mount(folder: string, file: string, version: number, content: string): void {
  mkdirSync(join(folder, `..${version}`));
  writeFileSync(join(folder, `..${version}`, file), content);
  symlinkSync(`..${version}`, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  if (version === 1) symlinkSync(join('..data', file), join(folder, file));
  else rmSync(join(folder, `..${version - 1}`), { recursive: true });
}

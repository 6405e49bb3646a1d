import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Signature } from '@berth/core/inference';
import { type ByteSource, OnnxFormatError, type OnnxHeader, readOnnxHeader, toSignature } from '@berth/core/onnx';
import { resolveInside, VERSION } from '../repository/scan-repository.ts';
import { LoadProblem } from './load-problem.ts';

/** What can be known of a model's file without running it. */
export type ModelFile = {
  readonly path: string;
  readonly header: OnnxHeader;
  readonly signature: Signature;
  /** The model file and its external data together. */
  readonly sizeBytes: number;
};

/**
 * Reads a model file's header and finds its external data, which must lie inside `top`. `shown` is the path that
 * messages name.
 *
 * @throws LoadProblem
 */
export function readModelFile(top: string, path: string, shown: string): ModelFile {
  const real = insideOrThrow(top, path, () => new LoadProblem('FileMissing', `${shown} is not there`), shown);
  const header = headerOf(real, shown);
  const externalFiles = findExternalFiles(top, real, header, shown);
  const found = toSignature(header);
  if (!found.ok) throw new LoadProblem('SignatureUnsupported', `${shown}: ${found.problem}`);
  const sizeBytes = [real, ...externalFiles].reduce((total, file) => total + statSync(file).size, 0);
  return { path: real, header, signature: found.signature, sizeBytes };
}

/**
 * The real paths of a model's external files, which lie beside it and inside `top`.
 *
 * @throws LoadProblem `ExternalDataMissing` or `RepositoryInvalid`
 */
export function findExternalFiles(top: string, path: string, header: OnnxHeader, shown: string): readonly string[] {
  return header.externalFiles.map((location) =>
    insideOrThrow(
      top,
      join(dirname(path), location),
      () =>
        new LoadProblem(
          'ExternalDataMissing',
          `${shown}: its weights are in the external file "${location}", which is not in its folder ` +
            `(${relative(top, dirname(path)) || '.'}); copy both together`,
        ),
      `${shown}: its external data "${location}"`,
    ),
  );
}

/** The header of an ONNX file. @throws LoadProblem `FileInvalid` */
export function headerOf(path: string, shown: string): OnnxHeader {
  const descriptor = openSync(path, 'r');
  try {
    return readOnnxHeader(fileSource(descriptor));
  } catch (error) {
    if (error instanceof OnnxFormatError) throw new LoadProblem('FileInvalid', `${shown}: ${error.message}`);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** The SHA-256 digest of a file, in lower-case hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * Demands that files have the digests that `serving.yaml` lists for them. What it lists of other versions, which may be
 * gone, is theirs.
 *
 * @throws LoadProblem `DigestMismatch` or `FileMissing`, naming the file and both digests
 */
export async function checkDigests(
  top: string,
  folder: string,
  version: string,
  digests: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [file, expected] of Object.entries(digests)) {
    const [first = ''] = file.split('/');
    if (VERSION.test(first) && first !== version) continue;
    const missing = () => new LoadProblem('FileMissing', `sha256: ${file} is listed and not there`);
    const found = await sha256Of(insideOrThrow(top, join(folder, file), missing, `sha256: ${file}`));
    if (found !== expected) {
      throw new LoadProblem('DigestMismatch', `sha256: expected ${file} to have ${expected}, found ${found}`);
    }
  }
}

function insideOrThrow(top: string, path: string, missing: () => LoadProblem, shown: string): string {
  let real: string | undefined;
  try {
    real = resolveInside(top, path);
  } catch {
    throw missing();
  }
  if (real === undefined) throw new LoadProblem('RepositoryInvalid', `${shown} leads out of the repository`);
  return real;
}

function fileSource(descriptor: number): ByteSource {
  return {
    size: fstatSync(descriptor).size,
    read: (offset, length) => {
      const bytes = new Uint8Array(length);
      const got = readSync(descriptor, bytes, 0, length, offset);
      return bytes.subarray(0, got);
    },
  };
}

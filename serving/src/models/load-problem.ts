/**
 * Why a model or a version is not served. The reason is stable, for machines; the message is one sentence for the
 * person who made the model, and says what to do.
 */
export const LOAD_PROBLEM_REASONS = [
  'RepositoryInvalid',
  'SettingsInvalid',
  'FileMissing',
  'DigestMismatch',
  'FileInvalid',
  'ExternalDataMissing',
  'SignatureUnsupported',
  'OperatorUnknown',
  'OpsetTooNew',
  'RuntimeRefused',
  'ExampleFailed',
] as const;

export type LoadProblemReason = (typeof LOAD_PROBLEM_REASONS)[number];

export class LoadProblem extends Error {
  override readonly name = 'LoadProblem';
  readonly code: LoadProblemReason;

  constructor(reason: LoadProblemReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = reason;
  }
}

/** ONNX Runtime's words for a file that it refuses, as a sentence for the modeller. `file` is the path to show. */
export function explainRuntimeError(file: string, error: Error, opsets: Readonly<Record<string, number>>): LoadProblem {
  const text = error.message;
  const say = (reason: LoadProblemReason, sentence: string) =>
    new LoadProblem(reason, `${file}: ${sentence}`, { cause: error });

  const [, unknown, version] = /No Op registered for (\S+) with domain_version of (\d+)/.exec(text) ?? [];
  if (unknown !== undefined) {
    return say(
      'OperatorUnknown',
      `the operator "${unknown}" does not exist in opset ${version}; export the model with standard ONNX operators`,
    );
  }
  const [, domain, custom] = /Fatal error: ([^:]*):(\S+)\(-?\d+\) is not a registered function\/op/.exec(text) ?? [];
  if (custom !== undefined) {
    return say(
      'OperatorUnknown',
      `the operator "${domain}.${custom}" is not one of ONNX Runtime's; custom operator libraries are not loaded, so ` +
        'export the model without it',
    );
  }
  const [, opset, , newest] =
    /Opset (\d+) is under development.*support for domain (\S+) is till opset (\d+)/s.exec(text) ?? [];
  if (opset !== undefined) {
    return say(
      'OpsetTooNew',
      `it uses opset ${opset}, and ONNX Runtime here knows up to ${newest}; export it for that`,
    );
  }
  const [, ir, newestIr] = /Unsupported model IR version: (\d+), max supported IR version: (\d+)/.exec(text) ?? [];
  if (ir !== undefined) {
    return say(
      'OpsetTooNew',
      `its format is IR version ${ir}, and ONNX Runtime here knows up to ${newestIr}; export it with an older onnx package`,
    );
  }
  if (/External data path escapes/.test(text)) {
    return say(
      'ExternalDataMissing',
      'its external data lies outside the model’s folder; put the file beside the model',
    );
  }
  if (/External (initializer|data)/.test(text)) {
    return say('ExternalDataMissing', 'its external data is shorter than the model says; copy that file again');
  }
  const used = Object.entries(opsets).map(([name, number]) => `${name} ${number}`);
  return say('RuntimeRefused', `ONNX Runtime refuses it (opsets: ${used.join(', ')}): ${cleaned(text)}`);
}

/** Without C++ signatures, source lines and this machine's paths. */
function cleaned(text: string): string {
  return text
    .replace(/^Load model from .* failed:/, '')
    .replace(/\/onnxruntime_src\/\S+ .*?\) (?=[A-Z])/s, '')
    .replace(/(?<=^|["\s])\/\S+\//g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

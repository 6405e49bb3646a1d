/**
 * Why a request was not answered. The codes are the interface: each door has a table from code to status, and
 * metrics count them; the messages are for people and may be reworded.
 */
export const SERVING_ERROR_CODES = [
  'AnswerTooLarge',
  'BodyInvalid',
  'BodyTooLarge',
  'ClientLeft',
  'DeadlineExceeded',
  'FeatureUnsupported',
  'KeyMissing',
  'KeyNotForModel',
  'KeyUnknown',
  'MethodNotAllowed',
  'ModelAmbiguous',
  'ModelNotFound',
  'ModelNotReady',
  'ModelRefusedInputs',
  'QueueFull',
  'RouteNotFound',
  'RunFailed',
  'ServerBusy',
  'TensorInvalid',
] as const;

export type ServingErrorCode = (typeof SERVING_ERROR_CODES)[number];

export class ServingError extends Error {
  override readonly name = 'ServingError';
  readonly code: ServingErrorCode;
  /** The model that was asked, where it is one of the server's; for the count of errors. */
  model = '';

  constructor(code: ServingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

// Triton's clients look for this beginning of the sentence.
export function modelNotFound(model: string, known: readonly string[]): ServingError {
  const choices = known.length === 0 ? 'there are no models here' : `the models here are ${listed(known)}`;
  return new ServingError('ModelNotFound', `Request for unknown model: '${shortened(model)}' is not found; ${choices}`);
}

export function versionNotFound(model: string, version: string, known: readonly string[]): ServingError {
  return new ServingError(
    'ModelNotFound',
    `Request for unknown model: '${model}' version '${shortened(version)}' is not found; its versions are ${listed(known)}`,
  );
}

export function tensorInvalid(message: string): ServingError {
  return new ServingError('TensorInvalid', message);
}

export function bodyInvalid(message: string): ServingError {
  return new ServingError('BodyInvalid', message);
}

const MOST_LISTED = 12;

/** Names as a message lists them: `"a", "b" and 3 more`. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_LISTED).map((name) => `"${name}"`);
  const more = names.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Text that came from outside, short enough to be repeated in a message. */
export function shortened(text: string, most = 80): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}

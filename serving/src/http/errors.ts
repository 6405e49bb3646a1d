import { type HttpAnswer, JSON_TYPE } from '@berth/chassis/http';
import { ServingError, type ServingErrorCode } from '@berth/core/inference';

const STATUS = {
  AnswerTooLarge: 400,
  BodyInvalid: 400,
  BodyTooLarge: 413,
  // Nobody reads it; the number is the one that proxies log for it.
  ClientLeft: 499,
  DeadlineExceeded: 504,
  FeatureUnsupported: 400,
  KeyMissing: 401,
  KeyNotForModel: 403,
  KeyUnknown: 401,
  MethodNotAllowed: 405,
  ModelAmbiguous: 400,
  ModelNotFound: 404,
  ModelNotReady: 503,
  ModelRefusedInputs: 400,
  QueueFull: 503,
  RouteNotFound: 404,
  RunFailed: 500,
  ServerBusy: 503,
  TensorInvalid: 400,
} as const satisfies Record<ServingErrorCode, number>;

/** After a full queue or a loading model, a second is what it takes to look different. */
const RETRY = { ...JSON_TYPE, 'retry-after': '1' } as const;

/** What a client without the right key is told (RFC 6750, 3); one that sent none is told of no error. */
const CHALLENGES: Partial<Record<ServingErrorCode, string>> = {
  KeyMissing: 'Bearer realm="berth"',
  KeyNotForModel: 'Bearer realm="berth", error="insufficient_scope"',
  KeyUnknown: 'Bearer realm="berth", error="invalid_token"',
};

/** The answer to a request that failed: `{"error": sentence}` with the code's status, on every route. */
export function errorAnswer(error: unknown): HttpAnswer {
  if (!(error instanceof ServingError)) {
    return { status: 500, headers: JSON_TYPE, body: '{"error":"internal error; the server\'s log has the details"}' };
  }
  const { code, message } = error;
  const status = STATUS[code];
  const challenge = CHALLENGES[code];
  const headers =
    challenge !== undefined ? { ...JSON_TYPE, 'www-authenticate': challenge } : status === 503 ? RETRY : JSON_TYPE;
  return { status, headers, body: JSON.stringify({ error: message }) };
}

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

/** The answer to a request that failed: `{"error": sentence}` with the code's status, on every route. */
export function errorAnswer(error: unknown): HttpAnswer {
  if (!(error instanceof ServingError)) {
    return { status: 500, headers: JSON_TYPE, body: '{"error":"internal error; the server\'s log has the details"}' };
  }
  const status = STATUS[error.code];
  return { status, headers: status === 503 ? RETRY : JSON_TYPE, body: JSON.stringify({ error: error.message }) };
}

import { isUtf8 } from 'node:buffer';
import type { HttpCall } from '@berth/chassis/http';
import { bodyInvalid, ServingError } from '@berth/core/inference';
import { InexactInteger, parseExactly } from '@berth/core/json-tensors';

/**
 * Reads a request's JSON body with `translate`; a second time, digit by digit, when it has 64-bit integers that
 * JavaScript's numbers cannot hold. `expected` is what an empty body is told.
 *
 * @throws ServingError `BodyInvalid`, `FeatureUnsupported`, and what `translate` throws
 */
export function readJsonBody<Result>(call: HttpCall, expected: string, translate: (json: unknown) => Result): Result {
  const { headers, body } = call;
  refuseOtherForms(headers);
  if (body.length === 0) throw bodyInvalid(`the body is empty: expected ${expected}`);
  if (!isUtf8(body)) throw bodyInvalid('the body is not UTF-8 text');
  const text = body.toString('utf8');
  try {
    return translate(parse(text, JSON.parse));
  } catch (error) {
    if (error instanceof InexactInteger) return translate(parse(text, parseExactly));
    throw error;
  }
}

function parse(text: string, parser: (text: string) => unknown): unknown {
  try {
    return parser(text);
  } catch (error) {
    throw bodyInvalid(`the body is not valid JSON: ${(error as Error).message}`);
  }
}

function refuseOtherForms(headers: HttpCall['headers']): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ServingError('FeatureUnsupported', `Content-Encoding "${encoding}" is not supported: send plain JSON`);
  }
  if (headers['inference-header-content-length'] !== undefined) {
    throw new ServingError('FeatureUnsupported', 'the binary tensor extension is not supported: send tensors as JSON');
  }
}

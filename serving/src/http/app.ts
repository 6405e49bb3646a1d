import { createRouter, type HttpAnswer, type HttpCall, type HttpHandler, type Route } from '@berth/chassis/http';
import type { Logger } from '@berth/chassis/log';
import { childOf, parseTraceparent, traceparentText } from '@berth/chassis/trace';
import { ServingError, shortened } from '@berth/core/inference';
import { errorAnswer } from './errors.ts';

export type AppOptions = {
  readonly routes: readonly Route[];
  readonly log: Logger;
  readonly now: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
  /** Told of errors that no model was involved in. */
  readonly failed: (error: ServingError) => void;
};

/** One door as a function from request to answer, without a socket. Every error becomes an answer. */
export function createApp({ routes, log, now, randomBytes, failed }: AppOptions): HttpHandler {
  const find = createRouter(routes);

  const route = (call: HttpCall): HttpAnswer | Promise<HttpAnswer> => {
    const match = find(call.method, call.path);
    if (match.kind === 'found') return match.handler(call, match.parameters);
    const error =
      match.kind === 'notFound'
        ? new ServingError('RouteNotFound', `${call.method} ${shortened(call.path)} is not there; GET / lists what is`)
        : new ServingError(
            'MethodNotAllowed',
            `${call.method} is not allowed on ${shortened(call.path)}; use ${match.allowed.join(' or ')}`,
          );
    failed(error);
    const answer = errorAnswer(error);
    return match.kind === 'notFound'
      ? answer
      : { ...answer, headers: { ...answer.headers, allow: match.allowed.join(', ') } };
  };
  const fail = (error: unknown, call: HttpCall): HttpAnswer => {
    const answer = errorAnswer(error);
    if (answer.status === 500) log.error('request failed', { method: call.method, path: call.path, error });
    return answer;
  };
  const respond = (call: HttpCall): HttpAnswer | Promise<HttpAnswer> => {
    try {
      const answer = route(call);
      return answer instanceof Promise ? answer.catch((error) => fail(error, call)) : answer;
    } catch (error) {
      return fail(error, call);
    }
  };

  return (call) => {
    const parent = parseTraceparent(call.headers.traceparent as string | undefined);
    if (parent === undefined && !log.isEnabled('debug')) return respond(call);
    return traced(call, parent === undefined ? undefined : childOf(parent, randomBytes));
  };

  async function traced(call: HttpCall, trace: ReturnType<typeof childOf> | undefined): Promise<HttpAnswer> {
    const started = now();
    const answer = await respond(call);
    log.debug('request answered', {
      method: call.method,
      path: call.path,
      status: answer.status,
      duration_ms: Number((now() - started).toFixed(3)),
      trace_id: trace?.traceId,
      span_id: trace?.spanId,
    });
    return trace === undefined
      ? answer
      : { ...answer, headers: { ...answer.headers, traceparent: traceparentText(trace) } };
  }
}

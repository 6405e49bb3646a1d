import { createRouter, type HttpAnswer, type HttpCall, type HttpHandler, type Route } from '@berth/chassis/http';
import type { Logger } from '@berth/chassis/log';
import { childOf, parseTraceparent, type TraceContext, traceparentText } from '@berth/chassis/trace';
import { ServingError, shortened } from '@berth/core/inference';
import { errorAnswer } from './errors.ts';

export type AppOptions = {
  readonly routes: readonly Route[];
  readonly log: Logger;
  readonly now: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
  /** Told of every request that is answered with an error. */
  readonly failed: (error: ServingError) => void;
};

/** One door as a function from request to answer, without a socket. Every error becomes an answer, and is counted. */
export function createApp({ routes, log, now, randomBytes, failed }: AppOptions): HttpHandler {
  const find = createRouter(routes);

  const route = (call: HttpCall): HttpAnswer | Promise<HttpAnswer> => {
    const match = find(call.method, call.path);
    if (match.kind === 'found') return match.handler(call, match.parameters);
    if (match.kind === 'notFound') {
      throw new ServingError(
        'RouteNotFound',
        `${call.method} ${shortened(call.path)} is not there; GET / lists what is`,
      );
    }
    const error = new ServingError(
      'MethodNotAllowed',
      `${call.method} is not allowed on ${shortened(call.path)}; use ${match.allowed.join(' or ')}`,
    );
    failed(error);
    const { status, headers, body } = errorAnswer(error);
    return { status, headers: { ...headers, allow: match.allowed.join(', ') }, body };
  };
  const fail = (error: unknown, call: HttpCall, trace: TraceContext | undefined): HttpAnswer => {
    const answer = errorAnswer(error);
    failed(error instanceof ServingError ? error : new ServingError('RunFailed', String(error)));
    if (answer.status === 500) {
      log.error('request failed', { method: call.method, path: call.path, error, ...traceFields(trace) });
    }
    return answer;
  };
  const respond = (call: HttpCall, trace: TraceContext | undefined): HttpAnswer | Promise<HttpAnswer> => {
    try {
      const answer = route(call);
      return answer instanceof Promise ? answer.catch((error) => fail(error, call, trace)) : answer;
    } catch (error) {
      return fail(error, call, trace);
    }
  };

  return (call) => {
    const parent = parseTraceparent(call.headers.traceparent as string | undefined);
    if (parent === undefined && !log.isEnabled('debug')) return respond(call, undefined);
    return traced(call, parent === undefined ? undefined : childOf(parent, randomBytes));
  };

  async function traced(call: HttpCall, trace: TraceContext | undefined): Promise<HttpAnswer> {
    const started = now();
    const answer = await respond(call, trace);
    log.debug('request answered', {
      method: call.method,
      path: call.path,
      status: answer.status,
      duration_ms: Number((now() - started).toFixed(3)),
      ...traceFields(trace),
    });
    return trace === undefined
      ? answer
      : { ...answer, headers: { ...answer.headers, traceparent: traceparentText(trace) } };
  }
}

function traceFields(trace: TraceContext | undefined) {
  return { trace_id: trace?.traceId, span_id: trace?.spanId };
}

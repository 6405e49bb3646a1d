import {
  createRouter,
  type HttpAdmission,
  type HttpAnswer,
  type HttpHandler,
  type HttpHead,
  type Route,
} from '@berth/chassis/http';
import type { Logger } from '@berth/chassis/log';
import { childOf, parseTraceparent, type TraceContext, traceparentText } from '@berth/chassis/trace';
import { ServingError, shortened } from '@berth/core/inference';
import type { Caller } from '@berth/core/keys';
import type { Gate } from '../data-plane/gate.ts';
import type { Endpoint } from './endpoint.ts';
import { errorAnswer } from './errors.ts';

export type AppOptions = {
  readonly routes: readonly Route<Endpoint>[];
  readonly gate: Gate;
  readonly log: Logger;
  readonly now: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
  /** Told of every request that is answered with an error. */
  readonly failed: (error: ServingError) => void;
};

/** A request as the log has it. */
type Asked = { readonly head: HttpHead; readonly caller: Caller; readonly trace: TraceContext | undefined };

/**
 * One door as a function from request to answer, without a socket. Whom a route does not let in, and what is not there,
 * is answered before the body is read. Every error becomes an answer, and is counted.
 */
export function createApp({ routes, gate, log, now, randomBytes, failed }: AppOptions): HttpAdmission {
  const find = createRouter(routes);

  const route = (head: HttpHead, caller: Caller): HttpAnswer | HttpHandler => {
    const match = find(head.method, head.path);
    if (match.kind === 'found') {
      const { target, parameters } = match;
      target.admit(gate, caller, parameters);
      return (call) => target.respond(call, parameters, caller);
    }
    if (match.kind === 'notFound') {
      throw new ServingError(
        'RouteNotFound',
        `${head.method} ${shortened(head.path)} is not there; GET / lists what is`,
      );
    }
    const error = new ServingError(
      'MethodNotAllowed',
      `${head.method} is not allowed on ${shortened(head.path)}; use ${match.allowed.join(' or ')}`,
    );
    failed(error);
    const { status, headers, body } = errorAnswer(error);
    return { status, headers: { ...headers, allow: match.allowed.join(', ') }, body };
  };
  const fail = (error: unknown, { head, trace }: Asked): HttpAnswer => {
    const answer = errorAnswer(error);
    failed(error instanceof ServingError ? error : new ServingError('RunFailed', String(error)));
    if (answer.status === 500) {
      log.error('request failed', { method: head.method, path: head.path, error, ...traceFields(trace) });
    }
    return answer;
  };
  const logged = (answer: HttpAnswer, { head, caller, trace }: Asked, started: number): HttpAnswer => {
    log.debug('request answered', {
      method: head.method,
      path: head.path,
      status: answer.status,
      duration_ms: Number((now() - started).toFixed(3)),
      key: caller.kind === 'known' ? caller.key.name : undefined,
      ...traceFields(trace),
    });
    return trace === undefined
      ? answer
      : { ...answer, headers: { ...answer.headers, traceparent: traceparentText(trace) } };
  };

  return (head) => {
    const parent = parseTraceparent(head.headers.traceparent as string | undefined);
    const trace = parent === undefined ? undefined : childOf(parent, randomBytes);
    const isLogged = trace !== undefined || log.isEnabled('debug');
    const caller = gate.callerOf(head.headers.authorization as string | undefined);
    const asked: Asked = { head, caller, trace };
    let routed: HttpAnswer | HttpHandler;
    try {
      routed = route(head, caller);
    } catch (error) {
      routed = fail(error, asked);
    }
    if (typeof routed !== 'function') return isLogged ? logged(routed, asked, now()) : routed;

    const handle = routed;
    const respond: HttpHandler = (call) => {
      try {
        const answer = handle(call);
        return answer instanceof Promise ? answer.catch((error) => fail(error, asked)) : answer;
      } catch (error) {
        return fail(error, asked);
      }
    };
    if (!isLogged) return respond;
    return async (call) => {
      const started = now();
      return logged(await respond(call), asked, started);
    };
  };
}

function traceFields(trace: TraceContext | undefined) {
  return { trace_id: trace?.traceId, span_id: trace?.spanId };
}

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type HttpAdmission, type HttpAnswer, type HttpHandler, type HttpHead, JSON_TYPE, NO_BODY } from './call.ts';

// Not an import: that reads every export of node:http, and with them loads its WebSocket client, which takes a quarter
// of the server's start.
const { createServer } = process.getBuiltinModule('node:http');

/** What stands in the way of a body. */
export type Refusal = { readonly kind: 'tooLarge'; readonly limit: number } | { readonly kind: 'busy' };

export type HttpServerOptions = {
  readonly admit: HttpAdmission;
  /** The answer to a request whose body cannot be taken. */
  readonly refuse: (refusal: Refusal) => HttpAnswer;
  /** Limits on bodies, in bytes; read for every request, so that they can change. */
  readonly limits: () => { readonly bodyBytes: number; readonly allBodiesBytes: number };
  /** A connection older than this is told to close with its next answer; up to a tenth earlier, so that not all go at once. */
  readonly connectionMaxAgeMs: number;
  readonly now: () => number;
  readonly random: () => number;
};

export type HttpServer = {
  /** Starts to listen; port 0 takes a free one. Returns the port. */
  readonly listen: (host: string, port: number) => Promise<number>;
  /** From now on every answer tells its connection to close; new connections are still taken. */
  readonly askClientsToLeave: () => void;
  /** Stops listening, closes idle connections, and resolves when every request taken has been answered. */
  readonly close: () => Promise<void>;
  readonly connections: () => number;
  /** Requests taken and not answered yet, those of clients that have left included while their handler runs. */
  readonly unanswered: () => number;
};

type Connection = {
  readonly closeAt: number;
  /** Requests that are not answered, or refused ones whose body is still being thrown away. */
  busy: number;
  /** The request that came last, until it is over; answers go out in the order of requests. */
  newest: Exchange | undefined;
};

/** A request and its answer. */
type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly connection: Connection;
  /** Bytes set aside for its body, of those for all bodies. */
  reserved: number;
  /** Whether it was answered, or its client left before it could be. */
  isOver: boolean;
};

// A load balancer in front keeps idle connections for 60 s as a rule; ours must not be the side that closes first.
const KEEP_ALIVE_MS = 75_000;
/** How long the rest of a refused body is read and thrown away, so that the client gets to see the answer. */
const DISCARD_MS = 10_000;
/** How long a client may take nothing of its answer, which all the while keeps bodies out; up to twice that, as Node looks. */
const UNTAKEN_MS = 30_000;
/** How long a server that closes waits for the rest of a body: a request that has not come in whole was not accepted. */
const LATE_BODY_MS = 5000;
/** How often a server that closes looks for connections that have become idle. */
const SWEEP_MS = 20;

const BROKEN: HttpAnswer = { status: 500, headers: JSON_TYPE, body: '{"error":"internal error"}' };

/** A node:http server that reads bodies within limits, ages its connections and can be emptied without losing a request. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { admit, refuse, limits, now } = options;
  const connections = new Map<Socket, Connection>();
  let isEmptying = false;
  let bodiesBytes = 0;
  let unanswered = 0;

  const take = (request: IncomingMessage, response: ServerResponse): Exchange => {
    const connection = connections.get(request.socket) as Connection;
    const exchange = { request, response, connection, reserved: 0, isOver: false };
    connection.newest = exchange;
    connection.busy++;
    unanswered++;
    return exchange;
  };

  /** Every request ends here once: by its answer, or because its client left in the middle of its body. */
  const end = (exchange: Exchange): void => {
    const { connection } = exchange;
    exchange.isOver = true;
    // An idle connection must not keep its last request, and with that a body, in memory.
    if (connection.newest === exchange) connection.newest = undefined;
    connection.busy--;
    unanswered--;
  };

  const giveBack = (exchange: Exchange): void => {
    bodiesBytes -= exchange.reserved;
    exchange.reserved = 0;
  };

  /**
   * A body's bytes stay set aside until its answer has left, and an answer that its client does not read counts as well:
   * otherwise slow readers could pile up any amount of memory. Most answers leave at once.
   */
  const giveBackWhenSent = (exchange: Exchange, answerBytes: number): void => {
    const { connection, request, response } = exchange;
    // Not writableFinished: node:http sets that a tick later, when the system has long taken all.
    if (response.writableLength === 0 || response.destroyed) {
      giveBack(exchange);
      return;
    }
    const more = Math.max(0, answerBytes - exchange.reserved);
    exchange.reserved += more;
    bodiesBytes += more;
    response.once('close', () => giveBack(exchange));
    // Nothing taken for so long, and node:http destroys the connection. The next answer may take its handler longer;
    // without one, node:http has by then set the time to stay idle.
    request.socket.setTimeout(UNTAKEN_MS);
    response.once('finish', () => {
      if (connection.busy > 0) request.socket.setTimeout(0);
    });
  };

  const answer = (exchange: Exchange, given: HttpAnswer): void => {
    const { connection, response } = exchange;
    if (exchange.isOver) return;
    // An answer that closes would take those behind it along.
    const mustClose = exchange === connection.newest && (isEmptying || now() >= connection.closeAt);
    end(exchange);
    if (response.destroyed) {
      giveBack(exchange);
      return;
    }
    try {
      giveBackWhenSent(exchange, write(exchange, given, mustClose));
    } catch (error) {
      warn(error);
      giveBackWhenSent(exchange, write(exchange, BROKEN, mustClose));
    }
  };

  const answerBroken = (exchange: Exchange, error: unknown): void => {
    warn(error);
    answer(exchange, BROKEN);
  };

  const refuseUnread = (exchange: Exchange, refused: HttpAnswer, awaitsContinue: boolean): void => {
    const { connection, request, response } = exchange;
    end(exchange);
    giveBack(exchange);
    // A client that waits for "100 Continue" has sent nothing, and may not: only a new connection is sure to be in step.
    // Any other is in the middle of sending, and would not see the answer if the connection were closed on it.
    write({ request, response }, refused, awaitsContinue);
    connection.busy++;
    const timer = setTimeout(() => request.socket.destroy(), DISCARD_MS);
    timer.unref();
    request.once('close', () => {
      clearTimeout(timer);
      connection.busy--;
    });
    request.removeAllListeners('data').resume();
  };

  const admission: HttpAdmission = (head) => {
    try {
      return admit(head);
    } catch (error) {
      warn(error);
      return BROKEN;
    }
  };

  const call = (exchange: Exchange, handle: HttpHandler, head: HttpHead, body: Buffer): void => {
    try {
      const result = handle({ ...head, body });
      if (!(result instanceof Promise)) answer(exchange, result);
      else {
        result.then(
          (settled) => answer(exchange, settled),
          (error) => answerBroken(exchange, error),
        );
      }
    } catch (error) {
      answerBroken(exchange, error);
    }
  };

  const onRequest = (request: IncomingMessage, response: ServerResponse, awaitsContinue = false): void => {
    const exchange = take(request, response);
    const { headers } = request;
    if (headers.host === undefined && request.httpVersion === '1.1') {
      answer(exchange, refusedAs(400, 'the request has no Host header'));
      return;
    }
    const length = Number(headers['content-length'] ?? 0);
    const hasBody = length > 0 || headers['transfer-encoding'] !== undefined;
    const head = headOf(request);
    const admitted = admission(head);
    if (typeof admitted !== 'function') {
      if (hasBody) refuseUnread(exchange, admitted, awaitsContinue);
      else answer(exchange, admitted);
      return;
    }
    if (!hasBody) {
      call(exchange, admitted, head, NO_BODY);
      return;
    }

    const { bodyBytes, allBodiesBytes } = limits();
    const refusalOf = (bytes: number, more: number): Refusal | undefined => {
      if (bytes > bodyBytes) return { kind: 'tooLarge', limit: bodyBytes };
      return bodiesBytes + more > allBodiesBytes ? { kind: 'busy' } : undefined;
    };
    const refusal = refusalOf(length, length);
    if (refusal !== undefined) {
      refuseUnread(exchange, refuse(refusal), awaitsContinue);
      return;
    }
    if (awaitsContinue) response.writeContinue();

    // Bytes are set aside as they come: what is only announced takes no memory, and must not keep others out.
    const chunks: Buffer[] = [];
    let received = 0;
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
      const late = refusalOf(received, chunk.length);
      if (late !== undefined) {
        chunks.length = 0;
        refuseUnread(exchange, refuse(late), false);
        return;
      }
      exchange.reserved += chunk.length;
      bodiesBytes += chunk.length;
      chunks.push(chunk);
    });
    request.on('end', () => {
      if (exchange.isOver) return;
      const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, received);
      chunks.length = 0;
      call(exchange, admitted, head, body);
    });
    request.on('error', () => {
      // The client left in the middle of its body: there is nobody to answer.
      if (exchange.isOver) return;
      end(exchange);
      giveBack(exchange);
    });
  };

  const server: Server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      requestTimeout: 60_000,
      headersTimeout: 20_000,
      connectionsCheckingInterval: 5000,
      noDelay: true,
      // Node's own answer to a request without one has no body.
      requireHostHeader: false,
    },
    onRequest,
  );
  server.on('checkExpectation', (request, response) => {
    end(take(request, response));
    // Whether its body comes nobody knows: only a new connection is sure to be in step.
    write({ request, response }, refusedAs(417, `Expect: "${request.headers.expect}" is not known`), true);
  });
  server.on('checkContinue', (request, response) => onRequest(request, response, true));
  server.on('connection', (socket) => {
    const closeAt = now() + options.connectionMaxAgeMs * (1 - 0.1 * options.random());
    connections.set(socket, { closeAt, busy: 0, newest: undefined });
    socket.once('close', () => connections.delete(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, duplex) => {
    const socket = duplex as Socket;
    const { busy = 0, newest } = connections.get(socket) ?? {};
    // In the place of an answer that is still to come, this one would be taken for it.
    const isInTurn = busy === 0 || (busy === 1 && newest?.request.complete === false);
    if (!socket.writable || !isInTurn) {
      socket.destroy();
      return;
    }
    socket.end(unparsedText(error.code));
    setTimeout(() => socket.destroy(), DISCARD_MS).unref();
  });
  const closeIdleConnections = (): void => {
    for (const [socket, { busy }] of connections) if (busy === 0 && socket.writableLength === 0) socket.destroy();
  };
  const closeUnfinishedConnections = (): void => {
    for (const [socket, { newest }] of connections) if (newest?.request.complete === false) socket.destroy();
  };
  // Node's own, which its close() calls as well, cuts off answers on their way and spares connections that never asked.
  server.closeIdleConnections = closeIdleConnections;

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        // The longest queue of connections not yet accepted that the system allows: bursts wait there, not in error.
        server.listen({ host, port, backlog: 4096 }, () => {
          server.off('error', reject);
          resolve((server.address() as AddressInfo).port);
        });
      }),
    askClientsToLeave: () => {
      isEmptying = true;
    },
    close: () => {
      isEmptying = true;
      return new Promise((resolve) => {
        const lateAt = now() + LATE_BODY_MS;
        const sweep = setInterval(() => {
          closeIdleConnections();
          if (now() > lateAt) closeUnfinishedConnections();
        }, SWEEP_MS);
        server.close(() => {
          clearInterval(sweep);
          resolve();
        });
      });
    },
    connections: () => connections.size,
    unanswered: () => unanswered,
  };
}

function headOf(request: IncomingMessage): HttpHead {
  const { socket } = request;
  const target = originForm(request.url as string);
  const mark = target.indexOf('?');
  return {
    method: request.method as string,
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? '' : target.slice(mark + 1),
    headers: request.headers,
    hasLeft: () => socket.destroyed,
  };
}

/** Writes an answer and returns the size of its body in bytes. */
function write(
  { request, response }: Pick<Exchange, 'request' | 'response'>,
  { status, headers, body }: HttpAnswer,
  mustClose: boolean,
): number {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  response.writeHead(status, {
    ...headers,
    'content-length': length,
    ...(mustClose ? { connection: 'close' } : undefined),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
  return length;
}

function refusedAs(status: number, error: string): HttpAnswer {
  return { status, headers: JSON_TYPE, body: JSON.stringify({ error }) };
}

/** The last net under a handler that breaks its contract: nobody else would say what happened. */
function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

/** Proxies may send the whole address (RFC 9112, 3.2.2): `http://host/path` is `/path`. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const rest = target.replace(/^https?:\/\/[^/?]*/i, '');
  return rest === target || rest.startsWith('/') ? rest : `/${rest}`;
}

/** The answer to what node:http could not read as a request. The body has our form, as on every route. */
function unparsedText(code: string | undefined): string {
  const [status, message] =
    code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'the headers of the request are too large']
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'the request did not arrive in time']
        : ['400 Bad Request', 'the request is not valid HTTP/1.1'];
  const body = JSON.stringify({ error: message });
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

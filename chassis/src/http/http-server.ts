import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type HttpAnswer, type HttpHandler, NO_BODY } from './call.ts';

// Not an import: that reads every export of node:http, and with them loads its WebSocket client, which takes a quarter
// of the server's start.
const { createServer } = process.getBuiltinModule('node:http');

/** What stands in the way of a request before any handler sees it. */
export type Refusal = { readonly kind: 'tooLarge'; readonly limit: number } | { readonly kind: 'busy' };

export type HttpServerOptions = {
  readonly handle: HttpHandler;
  /** The answer to a request that is refused before its body is read. */
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
  /** Requests whose last byte of answer has not been handed to the system yet. */
  readonly unanswered: () => number;
};

// A load balancer in front keeps idle connections for 60 s as a rule; ours must not be the side that closes first.
const KEEP_ALIVE_MS = 75_000;
/** How long the rest of a refused body is read and thrown away, so that the client gets to see the answer. */
const DISCARD_MS = 10_000;

/** A node:http server that reads bodies within limits, ages its connections and can be emptied without losing a request. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { handle, refuse, limits, now } = options;
  const closeAt = new WeakMap<Socket, number>();
  let isEmptying = false;
  let bodiesBytes = 0;
  let unanswered = 0;
  let connections = 0;

  const answer = (request: IncomingMessage, response: ServerResponse, { status, headers, body }: HttpAnswer): void => {
    unanswered--;
    if (response.destroyed) return;
    const mustClose = isEmptying || now() >= (closeAt.get(request.socket) ?? 0);
    response.writeHead(status, {
      ...headers,
      'content-length': typeof body === 'string' ? Buffer.byteLength(body) : body.length,
      ...(mustClose ? { connection: 'close' } : undefined),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  };

  const refuseUnread = (request: IncomingMessage, response: ServerResponse, refusal: Refusal): void => {
    answer(request, response, refuse(refusal));
    request.removeAllListeners('data').resume();
    const timer = setTimeout(() => request.socket.destroy(), DISCARD_MS);
    timer.unref();
    request.once('close', () => clearTimeout(timer));
  };

  const call = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
    const url = request.url as string;
    const mark = url.indexOf('?');
    const { socket } = request;
    const result = handle({
      method: request.method as string,
      path: mark === -1 ? url : url.slice(0, mark),
      query: mark === -1 ? '' : url.slice(mark + 1),
      headers: request.headers,
      body,
      hasLeft: () => socket.destroyed,
    });
    if (result instanceof Promise) result.then((settled) => answer(request, response, settled));
    else answer(request, response, result);
  };

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    unanswered++;
    const { headers } = request;
    const length = Number(headers['content-length'] ?? 0);
    const isChunked = headers['transfer-encoding'] !== undefined;
    if (length === 0 && !isChunked) {
      call(request, response, NO_BODY);
      return;
    }

    const { bodyBytes, allBodiesBytes } = limits();
    const refusalOf = (bytes: number, more: number): Refusal | undefined => {
      if (bytes > bodyBytes) return { kind: 'tooLarge', limit: bodyBytes };
      return bodiesBytes + more > allBodiesBytes ? { kind: 'busy' } : undefined;
    };
    const refusal = refusalOf(length, length);
    if (refusal !== undefined) {
      refuseUnread(request, response, refusal);
      return;
    }
    if (headers.expect !== undefined) response.writeContinue();

    // A body of announced length is reserved whole; a chunked one as it comes. Given back when the request has ended.
    let reserved = length;
    bodiesBytes += length;
    response.once('close', () => {
      bodiesBytes -= reserved;
    });
    const chunks: Buffer[] = [];
    let received = 0;
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > reserved) {
        const late = refusalOf(received, chunk.length);
        if (late !== undefined) {
          chunks.length = 0;
          refuseUnread(request, response, late);
          return;
        }
        reserved += chunk.length;
        bodiesBytes += chunk.length;
      }
      chunks.push(chunk);
    });
    request.on('end', () => {
      if (response.headersSent) return;
      call(request, response, chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, received));
    });
    request.on('error', () => {
      // The client left in the middle of its body: there is nobody to answer.
      if (!response.headersSent) unanswered--;
    });
  };

  const server: Server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 60_000, headersTimeout: 20_000, noDelay: true },
    onRequest,
  );
  server.on('checkContinue', onRequest);
  server.on('connection', (socket) => {
    connections++;
    socket.once('close', () => {
      connections--;
    });
    closeAt.set(socket, now() + options.connectionMaxAgeMs * (1 - 0.1 * options.random()));
  });
  server.on('clientError', (_error, socket) => {
    // What node:http could not parse as HTTP. The body has our form, as on every route.
    if (socket.writable) {
      const body = '{"error":"the request is not valid HTTP/1.1"}';
      socket.end(
        `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    } else socket.destroy();
  });

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
        server.close(() => resolve());
        server.closeIdleConnections();
      });
    },
    connections: () => connections,
    unanswered: () => unanswered,
  };
}

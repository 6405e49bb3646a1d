/** A request whose body is still to come. */
export type HttpHead = {
  readonly method: string;
  /** Without the query, still percent-encoded. */
  readonly path: string;
  readonly query: string;
  /** Names are lower case, as node:http gives them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Whether the client has gone away, so that no answer can reach it. */
  readonly hasLeft: () => boolean;
};

/** A request whose body has been read. Doors see nothing else of HTTP, so they can be called without a socket. */
export type HttpCall = HttpHead & { readonly body: Buffer };

export type HttpAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
};

/**
 * Answers a request. Failures are answers too: a handler that throws or rejects has a bug, of which the client sees a
 * 500 and the process a warning (`process.emitWarning`).
 */
export type HttpHandler = (call: HttpCall) => HttpAnswer | Promise<HttpAnswer>;

/** Decides on a request before its body is read: an answer refuses it unread, a handler takes it. */
export type HttpAdmission = (head: HttpHead) => HttpAnswer | HttpHandler;

export const JSON_TYPE = { 'content-type': 'application/json' } as const;

export const NO_BODY: Buffer = Buffer.alloc(0);

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpAnswer, HttpHandler } from './call.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from './http-server.ts';

/** Answers with what was asked, at once. */
const echo: HttpHandler = ({ method, path, query, body }) => ({
  status: 200,
  body: `${method} ${path} [${query}] ${body.length} bytes`,
});

type TestServer = HttpServer & { readonly port: number; readonly clients: Set<Client> };

/** A server that admits every request to `handle`, unless told. */
async function aServer(
  t: TestContext,
  { handle = echo, ...options }: Partial<HttpServerOptions> & { readonly handle?: HttpHandler } = {},
): Promise<TestServer> {
  const server = createHttpServer({
    admit: () => handle,
    refuse: (refusal) =>
      refusal.kind === 'tooLarge'
        ? { status: 413, body: `larger than ${refusal.limit}` }
        : { status: 503, body: 'too many bodies' },
    limits: () => ({ bodyBytes: 100, allBodiesBytes: 250 }),
    connectionMaxAgeMs: 60_000,
    now: () => 0,
    random: () => 0,
    ...options,
  });
  const port = await server.listen('127.0.0.1', 0);
  const clients = new Set<Client>();
  t.after(() => {
    for (const client of clients) client.leave();
    return server.close();
  });
  return { ...server, port, clients };
}

/** A client that speaks in bytes, so that it can also speak badly. */
class Client {
  readonly #socket: Socket;
  #received = '';

  constructor({ port, clients }: TestServer) {
    this.#socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.#socket.setEncoding('latin1').on('data', (text: string) => {
      this.#received += text;
    });
    // A connection that breaks ends like any other: what was received is what counts.
    this.#socket.on('error', () => {});
    clients.add(this);
  }

  send(text: string): this {
    this.#socket.write(text, 'latin1');
    return this;
  }

  /** The bytes so far, as soon as they end like this. */
  async receive(end: string): Promise<string> {
    await until(() => this.#received.endsWith(end) || this.#socket.destroyed);
    const received = this.#received;
    assert.ok(received.endsWith(end), `expected an answer that ends with ${end}, received ${received || 'nothing'}`);
    this.#received = '';
    return received;
  }

  /** The bytes that come until the server ends the connection. */
  async receiveAll(): Promise<string> {
    await until(() => this.#socket.readableEnded || this.#socket.destroyed);
    return this.#received;
  }

  get isOpen(): boolean {
    return !this.#socket.readableEnded && !this.#socket.destroyed;
  }

  leave(): void {
    this.#socket.destroy();
  }

  pause(): this {
    this.#socket.pause();
    return this;
  }

  resume(): this {
    this.#socket.resume();
    return this;
  }
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 3000;
  while (!isSo()) {
    assert.ok(performance.now() < deadline, `not so after 3 s: ${isSo}`);
    await sleep(2);
  }
}

/** A handler that answers when it is told to, in any order. */
function aSlowHandler(): { handle: HttpHandler; answers: Map<string, (answer?: HttpAnswer) => void> } {
  const answers = new Map<string, (answer?: HttpAnswer) => void>();
  const handle: HttpHandler = ({ path }) =>
    new Promise((resolve) => {
      answers.set(path, (answer = { status: 200, body: `${path} done` }) => resolve(answer));
    });
  return { handle, answers };
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;
const post = (body: string, ...headers: string[]) =>
  `POST /p HTTP/1.1\r\nhost: a\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n${body}`;
const withLength = (body: string) => post(body, `content-length: ${body.length}`);
const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;
const statusOf = (answer: string) => Number(answer.split(' ')[1]);

const answered: ReadonlyArray<readonly [does: string, request: string, body: string]> = [
  ['splits the query off, still encoded', get('/a%20b/c?x=%31&y'), 'GET /a%20b/c [x=%31&y] 0 bytes'],
  ['takes a whole address for its path', get('http://host:80/a/b?c'), 'GET /a/b [c] 0 bytes'],
  ['takes an address without a path for the root', get('http://host?c'), 'GET / [c] 0 bytes'],
  ['leaves "*" alone', 'OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n', 'OPTIONS * [] 0 bytes'],
  ['reads a body of announced length', withLength('four'), 'POST /p [] 4 bytes'],
  ['reads an empty body', withLength(''), 'POST /p [] 0 bytes'],
  ['reads a body as large as the limit', withLength('x'.repeat(100)), 'POST /p [] 100 bytes'],
  [
    'reads a chunked body',
    post(`${chunk(40)}${chunk(60)}0\r\n\r\n`, 'transfer-encoding: chunked'),
    'POST /p [] 100 bytes',
  ],
  ['reads an empty chunked body', post('0\r\n\r\n', 'transfer-encoding: chunked'), 'POST /p [] 0 bytes'],
  [
    'goes on over HTTP/1.1 when asked to upgrade',
    post('', 'connection: upgrade', 'upgrade: h2c'),
    'POST /p [] 0 bytes',
  ],
];

for (const [does, request, body] of answered) {
  test(`the server ${does}`, async (t) => {
    const server = await aServer(t);
    const answer = await new Client(server).send(request).receive(body);
    assert.equal(statusOf(answer), 200);
    assert.match(answer, new RegExp(`\r\ncontent-length: ${body.length}\r\n`));
    assert.equal(server.unanswered(), 0);
  });
}

test('a connection is kept and answers one request after another', async (t) => {
  const server = await aServer(t);
  const client = new Client(server);
  for (const path of ['/1', '/2', '/3']) {
    const answer = await client.send(get(path)).receive(`GET ${path} [] 0 bytes`);
    assert.match(answer, /\r\nConnection: keep-alive\r\n/);
  }
  assert.equal(server.connections(), 1);
  client.leave();
  await until(() => server.connections() === 0);
});

test('HEAD gives the headers of GET without the body', async (t) => {
  const client = new Client(await aServer(t));
  const answer = await client.send('HEAD /p HTTP/1.1\r\nhost: a\r\n\r\n').receive('\r\n\r\n');
  assert.match(answer, /\r\ncontent-length: 18\r\n/);
});

test('a body is counted in bytes, not in letters', async (t) => {
  const client = new Client(await aServer(t, { handle: () => ({ status: 200, body: 'ß€' }) }));
  assert.match(await client.send(get('/')).receive('\xc3\x9f\xe2\x82\xac'), /\r\ncontent-length: 5\r\n/);
});

test('requests sent at once are answered in their order, whichever is ready first', async (t) => {
  const { handle, answers } = aSlowHandler();
  const server = await aServer(t, { handle });
  const client = new Client(server).send(get('/1') + get('/2') + get('/3'));
  await until(() => answers.size === 3);
  for (const path of ['/3', '/1', '/2']) answers.get(path)?.();
  assert.deepEqual((await client.receive('/3 done')).match(/\/\d done/g), ['/1 done', '/2 done', '/3 done']);
  assert.equal(server.unanswered(), 0);
});

const refused: ReadonlyArray<readonly [what: string, start: string, rest: string]> = [
  ['an announced length above the limit', post('', 'content-length: 101'), 'x'.repeat(101)],
  ['a chunked body that grows above the limit', post(chunk(60) + chunk(60), 'transfer-encoding: chunked'), '0\r\n\r\n'],
];

for (const [what, start, rest] of refused) {
  test(`${what} is refused before it has all come, and the connection goes on`, async (t) => {
    const server = await aServer(t);
    const client = new Client(server);
    for (let round = 0; round < 3; round++) {
      assert.equal(statusOf(await client.send(start).receive('larger than 100')), 413);
      assert.equal(server.unanswered(), 0);
      await client.send(rest + get('/next')).receive('GET /next [] 0 bytes');
    }
    assert.ok(client.isOpen);
  });
}

test('a client that waits for "100 Continue" is asked for its body', async (t) => {
  const client = new Client(await aServer(t));
  client.send(post('', 'content-length: 4', 'expect: 100-continue'));
  await client.receive('HTTP/1.1 100 Continue\r\n\r\n');
  await client.send('four').receive('POST /p [] 4 bytes');
});

test('a client that waits for "100 Continue" with too large a body is refused, not asked, and told to close', async (t) => {
  const client = new Client(await aServer(t));
  client.send(post('', 'content-length: 101', 'expect: 100-continue'));
  const answer = await client.receiveAll();
  assert.equal(statusOf(answer), 413);
  assert.match(answer, /\r\nconnection: close\r\n/i);
});

/** Admits nobody to /closed. */
const closed: HttpServerOptions['admit'] = ({ path }) => (path === '/closed' ? { status: 401, body: 'who?' } : echo);

test('a request that is not admitted is answered before its body has come, and the connection goes on', async (t) => {
  const client = new Client(await aServer(t, { admit: closed }));
  for (let round = 0; round < 3; round++) {
    const head = 'POST /closed HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n';
    assert.equal(statusOf(await client.send(head).receive('who?')), 401);
    await client.send(`four${get('/next')}`).receive('GET /next [] 0 bytes');
  }
  assert.equal(statusOf(await client.send(get('/closed')).receive('who?')), 401);
  await client.send(get('/next')).receive('GET /next [] 0 bytes');
});

test('a request that is not admitted is not asked for its body', async (t) => {
  const client = new Client(await aServer(t, { admit: closed }));
  client.send('POST /closed HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n');
  const answer = await client.receiveAll();
  assert.equal(statusOf(answer), 401);
  assert.match(answer, /\r\nconnection: close\r\n/i);
});

test('an admission that throws becomes a 500 and a warning', async (t) => {
  const warned = once(process, 'warning');
  const server = await aServer(t, {
    admit: () => {
      throw new Error('of the admission');
    },
  });
  assert.equal(statusOf(await new Client(server).send(get('/')).receive('{"error":"internal error"}')), 500);
  assert.match(String(await warned), /of the admission/);
});

test('bodies share a budget: what does not fit is refused until others have been answered', async (t) => {
  const pending: (() => void)[] = [];
  const server = await aServer(t, {
    handle: () => new Promise((resolve) => pending.push(() => resolve({ status: 200, body: 'done' }))),
  });
  const held = [100, 100].map((bytes) => new Client(server).send(withLength('x'.repeat(bytes))));
  await until(() => pending.length === 2);
  const announced = await new Client(server).send(withLength('x'.repeat(51))).receive('too many bodies');
  assert.equal(statusOf(announced), 503);
  const chunked = new Client(server).send(post(chunk(40) + chunk(11), 'transfer-encoding: chunked'));
  assert.equal(statusOf(await chunked.receive('too many bodies')), 503);
  held.push(new Client(server).send(withLength('x'.repeat(50))), new Client(server).send(get('/no-body')));
  await until(() => pending.length === 4);
  answerAll(pending);
  for (const client of held) await client.receive('done');
});

test('a body that is only announced keeps nobody out', async (t) => {
  const server = await aServer(t);
  for (let client = 0; client < 5; client++) new Client(server).send(post('', 'content-length: 100'));
  await until(() => server.unanswered() === 5);
  const answer = await new Client(server).send(withLength('x'.repeat(100))).receive('100 bytes');
  assert.equal(statusOf(answer), 200);
});

test('an answer that its client does not read counts, until that has left', async (t) => {
  const size = 20 * 1024 * 1024;
  const server = await aServer(t, {
    handle: ({ path }) => ({ status: 200, body: path === '/large' ? Buffer.alloc(size) : 'small' }),
  });
  for (let round = 0; round < 3; round++) {
    const reader = new Client(server).pause().send(get('/large'));
    const other = new Client(server);
    await until(() => server.connections() >= 2 && server.unanswered() === 0);
    await sleep(20);
    assert.equal(statusOf(await other.send(withLength('x')).receive('too many bodies')), 503);
    assert.equal(statusOf(await other.send(get('/')).receive('small')), 200);
    reader.leave();
    await until(() => server.connections() === 1);
    assert.equal(statusOf(await other.send(withLength('x')).receive('small')), 200);
    other.leave();
    await until(() => server.connections() === 0);
  }
});

test('limits are read for every request', async (t) => {
  let bodyBytes = 100;
  const client = new Client(await aServer(t, { limits: () => ({ bodyBytes, allBodiesBytes: 1000 }) }));
  await client.send(withLength('x'.repeat(100))).receive('100 bytes');
  bodyBytes = 10;
  await client.send(withLength('x'.repeat(100))).receive('larger than 10');
});

type Stage = {
  readonly client: Client;
  readonly server: TestServer;
  /** Answers, one for each handler that runs. */
  readonly pending: (() => void)[];
};

const answerAll = (pending: Stage['pending']) => {
  for (const resolve of pending.splice(0)) resolve();
};

/** Each uses more than half of the budget and ends in its own way; ten of them fit only if each gives back what it had. */
const givenBack: ReadonlyArray<readonly [how: string, play: (stage: Stage) => Promise<void>]> = [
  [
    'an answer',
    async ({ client, pending }) => {
      client.send(withLength('x'.repeat(100)));
      await until(() => pending.length === 1);
      answerAll(pending);
      await client.receive('done');
    },
  ],
  [
    'a client that leaves in the middle of its body',
    async ({ client, server }) => {
      client.send(post('x'.repeat(60), 'content-length: 100'));
      await until(() => server.unanswered() === 1);
      client.leave();
    },
  ],
  [
    'a client that leaves in the middle of a chunked body',
    async ({ client, server }) => {
      client.send(post(chunk(100), 'transfer-encoding: chunked'));
      await until(() => server.unanswered() === 1);
      client.leave();
    },
  ],
  [
    'a client that leaves while its handler runs',
    async ({ client, server, pending }) => {
      client.send(withLength('x'.repeat(100)));
      await until(() => pending.length === 1);
      client.leave();
      await until(() => server.connections() === 0);
      answerAll(pending);
    },
  ],
  [
    'a client that leaves with several requests behind each other',
    async ({ client, server, pending }) => {
      client.send(get('/first') + withLength('x'.repeat(100)));
      await until(() => pending.length === 2);
      client.leave();
      await until(() => server.connections() === 0);
      answerAll(pending);
    },
  ],
  [
    'a refusal in the middle of a chunked body',
    async ({ client }) => {
      client.send(post(chunk(90) + chunk(20), 'transfer-encoding: chunked'));
      await client.receive('larger than 100');
      client.leave();
    },
  ],
  [
    'a body that stops being HTTP',
    async ({ client }) => {
      client.send(post(`${chunk(90)}no chunk\r\n`, 'transfer-encoding: chunked'));
      assert.equal(statusOf(await client.receiveAll()), 400);
      client.leave();
    },
  ],
];

for (const [how, play] of givenBack) {
  test(`the memory of a body is given back after ${how}`, async (t) => {
    const pending: (() => void)[] = [];
    const server = await aServer(t, {
      handle: () => new Promise((resolve) => pending.push(() => resolve({ status: 200, body: 'done' }))),
      limits: () => ({ bodyBytes: 100, allBodiesBytes: 150 }),
    });
    for (let round = 0; round < 10; round++) {
      await play({ client: new Client(server), server, pending });
      await until(() => server.unanswered() === 0);
    }
    const last = new Client(server).send(withLength('x'.repeat(100)));
    await until(() => pending.length === 1);
    answerAll(pending);
    await last.receive('done');
  });
}

test('the memory of a body is held while its handler runs, even when the client has left', async (t) => {
  const { handle, answers } = aSlowHandler();
  const server = await aServer(t, { handle, limits: () => ({ bodyBytes: 100, allBodiesBytes: 150 }) });
  const left = new Client(server).send(withLength('x'.repeat(100)));
  await until(() => answers.size === 1);
  left.leave();
  await until(() => server.connections() === 0);
  assert.equal(server.unanswered(), 1);
  await new Client(server).send(withLength('x'.repeat(100))).receive('too many bodies');
  answers.get('/p')?.();
  await until(() => server.unanswered() === 0);
});

test('a handler can ask whether its client has left', async (t) => {
  let hasLeft = () => false;
  const server = await aServer(t, {
    handle: (call) => {
      hasLeft = call.hasLeft;
      return new Promise(() => {});
    },
  });
  const client = new Client(server).send(get('/'));
  await until(() => server.unanswered() === 1);
  assert.equal(hasLeft(), false);
  client.leave();
  await until(() => hasLeft());
});

const unparsed: ReadonlyArray<readonly [what: string, bytes: string, status: number]> = [
  ['garbage', 'not http at all\r\n\r\n', 400],
  ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ['two lengths', post('', 'content-length: 1', 'content-length: 2'), 400],
  ['a length and chunks', post('', 'content-length: 1', 'transfer-encoding: chunked'), 400],
  ['headers above 16 KiB', `${get('/').trimEnd()}\r\nlong: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
];

for (const [what, bytes, status] of unparsed) {
  test(`${what} gets ${status} with a JSON error, and the connection ends`, async (t) => {
    const server = await aServer(t);
    const answer = await new Client(server).send(bytes).receiveAll();
    assert.equal(statusOf(answer), status);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    assert.match(head, /\r\ncontent-type: application\/json\r\n/);
    assert.equal(typeof JSON.parse(body).error, 'string');
    assert.match(head, new RegExp(`\r\ncontent-length: ${body.length}$`));
    assert.equal(server.unanswered(), 0);
  });
}

const refusedHeaders: ReadonlyArray<readonly [what: string, bytes: string, status: number, error: string]> = [
  ['a request without Host', 'GET / HTTP/1.1\r\n\r\n', 400, 'the request has no Host header'],
  ['an unknown Expect', post('', 'expect: tea', 'content-length: 0'), 417, 'Expect: "tea" is not known'],
];

for (const [what, bytes, status, error] of refusedHeaders) {
  test(`${what} gets ${status} with a JSON error`, async (t) => {
    const server = await aServer(t);
    const body = JSON.stringify({ error });
    assert.equal(statusOf(await new Client(server).send(bytes).receive(body)), status);
  });
}

test('garbage after a request is not answered in its place', async (t) => {
  const { handle, answers } = aSlowHandler();
  const server = await aServer(t, { handle });
  const client = new Client(server).send(`${get('/1')}garbage\r\n\r\n`);
  assert.equal(await client.receiveAll(), '');
  answers.get('/1')?.();
  await until(() => server.unanswered() === 0);
});

const broken: ReadonlyArray<readonly [what: string, handle: HttpHandler]> = [
  [
    'throws',
    () => {
      throw new Error('a bug');
    },
  ],
  ['rejects', () => Promise.reject(new Error('a bug'))],
  ['throws no error but a text', () => Promise.reject('a bug')],
  ['answers with a header that cannot be sent', () => ({ status: 200, headers: { a: 'b\r\nc: d' }, body: '' })],
  ['answers with nothing', () => undefined as unknown as HttpAnswer],
];

for (const [what, handle] of broken) {
  test(`a handler that ${what} becomes a 500 and a warning, and the connection goes on`, async (t) => {
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on('warning', listen);
    t.after(() => process.off('warning', listen));
    const server = await aServer(t, { handle: (call) => (call.path === '/well' ? echo(call) : handle(call)) });
    const client = new Client(server);
    assert.equal(statusOf(await client.send(get('/')).receive('{"error":"internal error"}')), 500);
    await client.send(get('/well')).receive('GET /well [] 0 bytes');
    assert.equal(warnings.length, 1);
    assert.equal(server.unanswered(), 0);
  });
}

const ages: ReadonlyArray<readonly [does: string, random: number, age: number, closes: boolean]> = [
  ['stays before its age', 0, 999, false],
  ['closes at its age', 0, 1000, true],
  ['may close a tenth earlier', 0.999, 901, true],
  ['never closes earlier than that', 0.999, 900, false],
];

for (const [does, random, age, closes] of ages) {
  test(`a connection ${does}`, async (t) => {
    let now = 5000;
    const server = await aServer(t, { connectionMaxAgeMs: 1000, now: () => now, random: () => random });
    const client = new Client(server).send(get('/young'));
    await client.receive('0 bytes');
    now += age;
    const answer = await client.send(get('/old')).receive('GET /old [] 0 bytes');
    assert.match(answer, closes ? /\r\nconnection: close\r\n/ : /\r\nConnection: keep-alive\r\n/);
    if (closes) assert.equal(await client.receiveAll(), '');
    await until(() => server.connections() === (closes ? 0 : 1));
  });
}

test('clients asked to leave get their answers, each with the word to close; new ones are still taken', async (t) => {
  const server = await aServer(t);
  const old = new Client(server).send(get('/before'));
  await old.receive('0 bytes');
  server.askClientsToLeave();
  for (const client of [old, new Client(server)]) {
    assert.match(await client.send(get('/after')).receiveAll(), /\r\nconnection: close\r\n[\s\S]*GET \/after/);
  }
});

test('requests sent at once are all answered before the connection closes on them', async (t) => {
  const { handle, answers } = aSlowHandler();
  const server = await aServer(t, { handle });
  const client = new Client(server).send(get('/1') + get('/2') + get('/3'));
  await until(() => answers.size === 3);
  server.askClientsToLeave();
  for (const path of ['/2', '/3', '/1']) answers.get(path)?.();
  assert.deepEqual((await client.receiveAll()).match(/\/\d done/g), ['/1 done', '/2 done', '/3 done']);
});

test('close waits for every request taken, and for the last byte of its answer', async (t) => {
  const { handle, answers } = aSlowHandler();
  const server = await aServer(t, { handle });
  const client = new Client(server).pause().send(get('/slow'));
  await until(() => answers.size === 1);
  let isClosed = false;
  const closed = server.close().then(() => {
    isClosed = true;
  });
  await sleep(60);
  assert.equal(isClosed, false);
  // More than the buffers of both systems hold.
  const size = 20 * 1024 * 1024;
  answers.get('/slow')?.({ status: 200, body: Buffer.alloc(size) });
  await sleep(60);
  assert.equal(isClosed, false);
  const answer = await client.resume().receiveAll();
  assert.equal(answer.length - answer.indexOf('\r\n\r\n') - 4, size);
  await closed;
  assert.equal(server.connections(), 0);
});

test('close does not cut off an answer that was on its way before', async (t) => {
  const size = 20 * 1024 * 1024;
  let isAnswered = false;
  const server = await aServer(t, {
    handle: () => {
      isAnswered = true;
      return { status: 200, body: Buffer.alloc(size) };
    },
  });
  const client = new Client(server).pause().send(get('/'));
  await until(() => isAnswered);
  const closed = server.close();
  const answer = await client.resume().receiveAll();
  assert.equal(answer.length - answer.indexOf('\r\n\r\n') - 4, size);
  await closed;
});

const idle: ReadonlyArray<readonly [who: string, start: (client: Client) => Promise<unknown>]> = [
  ['never asked', async () => {}],
  ['has begun to ask', async (client) => client.send('GET / HTTP/1.1\r\nho')],
  ['has been answered', async (client) => client.send(get('/')).receive('0 bytes')],
  [
    'has been refused, and has sent all',
    async (client) => client.send(withLength('x'.repeat(101))).receive('larger than 100'),
  ],
];

for (const [who, start] of idle) {
  test(`close does not wait for a client that ${who}`, async (t) => {
    const server = await aServer(t);
    const client = new Client(server);
    await until(() => server.connections() === 1);
    await start(client);
    await sleep(10);
    const asked = performance.now();
    await server.close();
    assert.ok(performance.now() - asked < 1000);
    await until(() => server.connections() === 0);
  });
}

test('close lets a refused client finish sending, so that it sees why', async (t) => {
  const server = await aServer(t);
  const client = new Client(server).send(post('x'.repeat(50), 'content-length: 101'));
  await client.receive('larger than 100');
  let isClosed = false;
  const closed = server.close().then(() => {
    isClosed = true;
  });
  await sleep(60);
  assert.deepEqual([isClosed, client.isOpen], [false, true]);
  client.send('x'.repeat(51));
  await closed;
});

test('close waits 5 s for the rest of a body, and not for ever', async (t) => {
  let now = 0;
  const server = await aServer(t, { now: () => now });
  const client = new Client(server).send(post('x'.repeat(50), 'content-length: 100'));
  await until(() => server.unanswered() === 1);
  const closed = server.close();
  now = 4999;
  await sleep(60);
  assert.equal(client.isOpen, true);
  now = 5001;
  await closed;
  await until(() => server.unanswered() === 0);
});

test('a port that is taken is an error with its code', async (t) => {
  const first = await aServer(t);
  const second = createHttpServer({
    admit: () => echo,
    refuse: () => ({ status: 503, body: '' }),
    limits: () => ({ bodyBytes: 1, allBodiesBytes: 1 }),
    connectionMaxAgeMs: 1,
    now: () => 0,
    random: () => 0,
  });
  await assert.rejects(second.listen('127.0.0.1', first.port), { code: 'EADDRINUSE' });
});

test('node:http’s own client, keeping its connection, is served under load', async (t) => {
  const server = await aServer(t, { limits: () => ({ bodyBytes: 100_000, allBodiesBytes: 10_000_000 }) });
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  t.after(() => agent.destroy());
  const ask = (bytes: number) =>
    new Promise<string>((resolve, reject) => {
      const request = httpRequest({ port: server.port, agent, method: 'POST', path: '/p' }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => resolve(text));
      });
      request.on('error', reject).end('x'.repeat(bytes));
    });
  const sizes = Array.from({ length: 200 }, (_, at) => at * 500);
  assert.deepEqual(
    await Promise.all(sizes.map(ask)),
    sizes.map((bytes) => `POST /p [] ${bytes} bytes`),
  );
  assert.equal(server.unanswered(), 0);
  assert.ok(server.connections() <= 8);
});

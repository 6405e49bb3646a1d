import { Agent, request } from 'node:http';

export type LoadResult = {
  /** Requests whose whole answer arrived with status 200. */
  readonly answered: number;
  /** Requests that were sent on a connection and got no whole answer, with what happened instead. */
  readonly lost: readonly string[];
  /** Answers of another status. */
  readonly refused: readonly string[];
  /** Answers that told their connection to close. */
  readonly toldToClose: number;
  /** Attempts to connect that were refused: what a client behind a Service would have sent to another pod. */
  readonly notConnected: number;
};

/**
 * Closed-loop load over `connections` keep-alive connections, until `isOver` says so. A connection that was told to
 * close is opened anew. `headers` is asked before each request.
 */
export async function load(
  url: string,
  body: string,
  connections: number,
  isOver: () => boolean,
  headers: () => Readonly<Record<string, string>> = () => ({}),
): Promise<LoadResult> {
  const lost: string[] = [];
  const refused: string[] = [];
  let answered = 0;
  let notConnected = 0;
  let toldToClose = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      while (!isOver()) {
        const result = await once(url, body, headers(), agent, () => {
          toldToClose++;
        });
        if (result === 'answered') answered++;
        else if (result === 'notConnected') {
          notConnected++;
          break;
        } else if (result.startsWith('status')) refused.push(result);
        else lost.push(result);
      }
      agent.destroy();
    }),
  );
  return { answered, lost, refused, toldToClose, notConnected };
}

function once(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  agent: Agent,
  closes: () => void,
): Promise<string> {
  const options = { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } };
  return new Promise((resolve) => {
    const outgoing = request(url, options, (incoming) => {
      let isWhole = false;
      if (incoming.headers.connection === 'close') closes();
      incoming.on('data', () => {});
      incoming.on('end', () => {
        isWhole = true;
      });
      incoming.on('close', () => {
        if (!isWhole) resolve('the answer broke off');
        else resolve(incoming.statusCode === 200 ? 'answered' : `status ${incoming.statusCode}`);
      });
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'notConnected' : `${error.code} ${error.message}`),
    );
    outgoing.end(body);
  });
}

import type { HttpAnswer, HttpCall } from './call.ts';

/** The values of a route's `:name` segments, decoded. */
export type RouteParameters = Readonly<Record<string, string>>;

export type RouteHandler = (call: HttpCall, parameters: RouteParameters) => HttpAnswer | Promise<HttpAnswer>;

export type Route = readonly [method: 'GET' | 'POST', path: string, handler: RouteHandler];

export type RouteMatch =
  | { readonly kind: 'found'; readonly handler: RouteHandler; readonly parameters: RouteParameters }
  | { readonly kind: 'methodNotAllowed'; readonly allowed: readonly string[] }
  | { readonly kind: 'notFound' };

type Node = {
  readonly children: Map<string, Node>;
  parameter: Node | undefined;
  readonly handlers: Map<string, { readonly handler: RouteHandler; readonly names: readonly string[] }>;
};

/** Finds the handler of a path such as `/v2/models/:model/infer`; literal segments win over parameters, for good. */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => RouteMatch {
  const root = newNode();
  for (const [method, path, handler] of routes) {
    let node = root;
    const names: string[] = [];
    for (const segment of segmentsOf(path)) {
      if (segment.startsWith(':')) {
        names.push(segment.slice(1));
        node.parameter ??= newNode();
        node = node.parameter;
      } else {
        const child = node.children.get(segment) ?? newNode();
        node.children.set(segment, child);
        node = child;
      }
    }
    node.handlers.set(method, { handler, names });
  }

  return (method, path) => {
    // "*", of the server as a whole, is no path.
    if (!path.startsWith('/')) return { kind: 'notFound' };
    let node = root;
    const values: string[] = [];
    for (const segment of segmentsOf(path)) {
      const child = node.children.get(segment);
      if (child !== undefined) {
        node = child;
        continue;
      }
      // A name that is not there is no name: `/models//predict`.
      const value = node.parameter === undefined || segment === '' ? undefined : decoded(segment);
      if (node.parameter === undefined || value === undefined) return { kind: 'notFound' };
      values.push(value);
      node = node.parameter;
    }
    const found = node.handlers.get(method === 'HEAD' ? 'GET' : method);
    if (found === undefined) {
      const allowed = [...node.handlers.keys()];
      return allowed.length === 0 ? { kind: 'notFound' } : { kind: 'methodNotAllowed', allowed };
    }
    const parameters: Record<string, string> = {};
    for (let at = 0; at < values.length; at++) parameters[found.names[at] as string] = values[at] as string;
    return { kind: 'found', handler: found.handler, parameters };
  };
}

function newNode(): Node {
  return { children: new Map(), parameter: undefined, handlers: new Map() };
}

/** A slash at the end means nothing: `/v2/` is `/v2`. */
function segmentsOf(path: string): string[] {
  return path.slice(1, path.endsWith('/') ? -1 : undefined).split('/');
}

function decoded(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

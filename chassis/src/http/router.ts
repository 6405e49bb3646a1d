/** The values of a route's `:name` segments, decoded. */
export type RouteParameters = Readonly<Record<string, string>>;

/** A method and path, and what is there. */
export type Route<Target> = readonly [method: 'GET' | 'POST', path: string, target: Target];

export type RouteMatch<Target> =
  | { readonly kind: 'found'; readonly target: Target; readonly parameters: RouteParameters }
  | { readonly kind: 'methodNotAllowed'; readonly allowed: readonly string[] }
  | { readonly kind: 'notFound' };

type Node<Target> = {
  readonly children: Map<string, Node<Target>>;
  parameter: Node<Target> | undefined;
  readonly targets: Map<string, { readonly target: Target; readonly names: readonly string[] }>;
};

/** Finds what is at a path such as `/v2/models/:model/infer`; literal segments win over parameters, for good. */
export function createRouter<Target>(
  routes: readonly Route<Target>[],
): (method: string, path: string) => RouteMatch<Target> {
  const root = newNode<Target>();
  for (const [method, path, target] of routes) {
    let node = root;
    const names: string[] = [];
    for (const segment of segmentsOf(path)) {
      if (segment.startsWith(':')) {
        names.push(segment.slice(1));
        node.parameter ??= newNode<Target>();
        node = node.parameter;
      } else {
        const child = node.children.get(segment) ?? newNode<Target>();
        node.children.set(segment, child);
        node = child;
      }
    }
    node.targets.set(method, { target, names });
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
    const found = node.targets.get(method === 'HEAD' ? 'GET' : method);
    if (found === undefined) {
      const allowed = [...node.targets.keys()];
      return allowed.length === 0 ? { kind: 'notFound' } : { kind: 'methodNotAllowed', allowed };
    }
    const parameters: Record<string, string> = {};
    for (let at = 0; at < values.length; at++) parameters[found.names[at] as string] = values[at] as string;
    return { kind: 'found', target: found.target, parameters };
  };
}

function newNode<Target>(): Node<Target> {
  return { children: new Map(), parameter: undefined, targets: new Map() };
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

const SCHEME = 'bearer ';

/**
 * The key in an `Authorization` header, or in gRPC's metadata of that name (RFC 6750, 2.1). Another scheme is no key:
 * such a client did not know that one is asked for (RFC 6750, 3.1).
 */
export function bearerOf(authorization: string | undefined): string | undefined {
  if (authorization?.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return undefined;
  return authorization.slice(SCHEME.length).trim() || undefined;
}

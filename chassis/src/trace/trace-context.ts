/** The part of W3C Trace Context that a hop reads and passes on. Ids are lower-case hexadecimal. */
export type TraceContext = { readonly traceId: string; readonly spanId: string; readonly flags: string };

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Reads a `traceparent` header; `undefined` when it is malformed, all zeros or of the forbidden version ff, in which
 * case it must be ignored (https://www.w3.org/TR/trace-context/, 3.2.2).
 */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(header ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  return /[1-9a-f]/.test(traceId) && /[1-9a-f]/.test(spanId) ? { traceId, spanId, flags } : undefined;
}

/** This hop's own span in the caller's trace. `random` gives 8 bytes. */
export function childOf(parent: TraceContext, random: (bytes: number) => Uint8Array): TraceContext {
  const bytes = random(8);
  const spanId = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { ...parent, spanId };
}

export function traceparentText({ traceId, spanId, flags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${flags}`;
}

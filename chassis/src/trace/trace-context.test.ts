import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { childOf, parseTraceparent, type TraceContext, traceparentText } from './trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const sampled: TraceContext = { traceId: TRACE, spanId: SPAN, flags: '01' };

const cases: ReadonlyArray<readonly [does: string, header: string | undefined, expected: TraceContext | undefined]> = [
  ['reads the specification’s sampled example', `00-${TRACE}-${SPAN}-01`, sampled],
  ['reads its example that is not sampled', `00-${TRACE}-${SPAN}-00`, { ...sampled, flags: '00' }],
  ['reads a future version', `cc-${TRACE}-${SPAN}-01`, sampled],
  ['reads the part it knows of a future version', `cc-${TRACE}-${SPAN}-01-what-the-future-holds`, sampled],
  ['ignores a future version that goes on without a dash', `cc-${TRACE}-${SPAN}-01.what`, undefined],
  ['ignores a missing header', undefined, undefined],
  ['ignores an empty one', '', undefined],
  ['ignores version ff', `ff-${TRACE}-${SPAN}-01`, undefined],
  ['ignores more than version 00 has', `00-${TRACE}-${SPAN}-01-more`, undefined],
  ['ignores a dash at the end of version 00', `00-${TRACE}-${SPAN}-01-`, undefined],
  ['ignores a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`, undefined],
  ['ignores a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
  ['ignores upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`, undefined],
  ['ignores a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`, undefined],
  ['ignores a long span id', `00-${TRACE}-${SPAN}0-01`, undefined],
  ['ignores flags that are no numbers', `00-${TRACE}-${SPAN}-0x`, undefined],
  ['ignores missing flags', `00-${TRACE}-${SPAN}`, undefined],
  ['ignores spaces around', ` 00-${TRACE}-${SPAN}-01 `, undefined],
  ['ignores two headers that became one', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`, undefined],
];

for (const [does, header, expected] of cases) {
  test(`parseTraceparent ${does}`, () => assert.deepEqual(parseTraceparent(header), expected));
}

test('childOf keeps the trace and its flags, and has a span of its own', () => {
  const random = (bytes: number) => Uint8Array.from({ length: bytes }, (_, at) => at * 17);
  assert.deepEqual(childOf(sampled, random), { ...sampled, spanId: '0011223344556677' });
});

test('what traceparentText writes, parseTraceparent reads', () => {
  const hex = (length: number) =>
    fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((text) => /[1-9a-f]/.test(text));
  fc.assert(
    fc.property(fc.record({ traceId: hex(32), spanId: hex(16), flags: fc.constantFrom('00', '01') }), (context) => {
      assert.deepEqual(parseTraceparent(traceparentText(context)), { ...context });
    }),
  );
});

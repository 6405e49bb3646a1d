export { childOf, parseTraceparent, type TraceContext, traceparentText } from './trace-context.ts';

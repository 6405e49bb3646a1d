export { type Checked, check, isRecord, problemsIn, shown } from './check.ts';
export { expectation, type Problem, problemText, type Schema, type ValueOf } from './schema.ts';
export { closest } from './suggest.ts';

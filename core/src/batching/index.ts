export { type Batchable, batchable, batchLength, mergeRows, sliceRows, splitOutputs } from './batch.ts';
export { makeProbeRows, rowsAreIndependent } from './rows-are-independent.ts';

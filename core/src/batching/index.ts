export { type Batchable, batchable, batchLength, mergeInputs, splitOutputs } from './batch.ts';
export { makeProbeRows, rowsAreIndependent } from './rows-are-independent.ts';

export {
  type Classes,
  findClasses,
  notProbabilities,
  predictionRows,
  writeOutputs,
  writePredictions,
} from './classes.ts';
export { curlLine } from './curl-line.ts';
export { makeExample, makeZeroInputs } from './make-example.ts';
export { readFriendly, readRows } from './read-friendly.ts';

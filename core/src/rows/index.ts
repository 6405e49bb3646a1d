export { type Classes, findClasses, notProbabilities, writeOutputs, writePredictions } from './classes.ts';
export { makeExample, makeZeroInputs } from './make-example.ts';
export { readFriendly, readRows } from './read-friendly.ts';

// The part of the server that reads model files and needs no runtime: `berth inspect` starts fast.
export { LoadProblem } from './models/load-problem.ts';
export { findExternalFiles, headerOf, sha256Of } from './models/read-model-file.ts';
export { MODEL_FILE, VERSION } from './repository/scan-repository.ts';

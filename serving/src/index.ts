export type { ServeOptions } from './assemble.ts';
export { configProblems, SERVER_SETTINGS, type ServerConfig } from './config.ts';
export { describeMetrics } from './observed-metrics.ts';
export { RepositoryError } from './repository/scan-repository.ts';
export { onnxRuntimeVersion } from './runners/onnx-session.ts';
export { type ModelServer, startServer } from './serve.ts';

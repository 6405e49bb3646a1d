export { type ShutdownOptions, type ShutdownSteps, shutdownOnSignals } from './shutdown.ts';

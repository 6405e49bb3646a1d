export {
  chooseRunner,
  firstRunner,
  INLINE_LOAD_BYTES,
  INLINE_RUN_MS,
  type RunnerKind,
  threadsPerRun,
} from './choose-runner.ts';

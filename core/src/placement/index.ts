export { chooseRunner, firstRunner, type RunnerKind, threadsPerRun } from './choose-runner.ts';

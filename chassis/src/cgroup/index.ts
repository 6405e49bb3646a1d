export { type ContainerLimits, type ReadFile, readLimits } from './limits.ts';

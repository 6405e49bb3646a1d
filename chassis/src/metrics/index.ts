export { type Counter, type Family, type Histogram, Registry } from './registry.ts';

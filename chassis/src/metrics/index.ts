export { type Counter, type Family, type Histogram, type Labels, Registry } from './registry.ts';

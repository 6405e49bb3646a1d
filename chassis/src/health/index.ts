export { type Finding, finding, type Health } from './health.ts';

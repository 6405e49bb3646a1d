export { MODEL_SETTINGS, type ModelSettings } from './model-settings.ts';

export { type ApiKey, EVERY_MODEL, isKeyName, isModelName, type KeyModels, keyLine, NAME_MEANS } from './api-key.ts';
export { bearerOf } from './bearer.ts';
export {
  type Access,
  ANYONE,
  type Caller,
  decideAccess,
  KEYLESS,
  mayUse,
  mayUseEverything,
  UNKNOWN_KEY,
} from './decide-access.ts';
export { type KeyFile, parseKeyFiles } from './parse-key-files.ts';

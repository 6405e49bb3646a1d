export { type FollowedKeys, followKeyFolder, KeysError } from './follow-key-folder.ts';
export { digestOf, KeyRing } from './key-ring.ts';

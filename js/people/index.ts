export { isHushError } from '../errors.js';
export { hasDirectory } from './has-directory.js';
export { register } from './register.js';
// From there, so that there is one of each whichever entry they come from.
export { fileStore, indexedDbStore, memoryStore } from '../room/index.js';
export type { IdentityStore } from '../identity/types.js';
export type * from './types.js';
export type { HushError, HushErrorCode } from '../types.js';

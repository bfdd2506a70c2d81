export { isHushError } from '../errors.js';
export { fileStore } from './file-store.js';
export { register } from './register.js';
export { indexedDbStore, memoryStore } from './store.js';
export type * from './types.js';
export type { HushError, HushErrorCode } from '../types.js';

import { hushError } from '../errors.js';
import type { IdentityStore } from './types.js';

/** Files are for Node. */
export function platformFileStore(_path: string): IdentityStore {
  throw hushError('UNSUPPORTED', 'files work in Node only; use indexedDbStore');
}

import { checkString } from '../check.js';
import { platformFileStore } from '#file-store';
import type { IdentityStore } from './types.js';

/**
 * Keeps an identity in a file that only its owner may read (mode 0600). It is replaced as a whole, so that a crash leaves the old state or
 * the new one. Within a process everything takes turns at it. Two processes must not use it at once: each would keep what it has read and
 * changed itself, so that of two contacts met at the same time one may be forgotten. The key stays the same.
 *
 * It is not sealed: whoever can read the file has the identity.
 *
 * @param path - The file; its folder must exist.
 *
 * @throws `UNSUPPORTED` outside Node: use `indexedDbStore`.
 *
 * @example
 * ```ts
 * import { fileStore, openIdentity } from 'hushroom/room';
 *
 * const identity = await openIdentity({ store: fileStore('ada.identity') });
 * console.log(identity.deviceKey);
 * ```
 */
export function fileStore(path: string): IdentityStore {
  checkString('path', path);
  return platformFileStore(path);
}

import { platformFileStore } from '#file-store';
import type { IdentityStore } from './types.js';

/**
 * Keeps an identity in a file that only its owner may read (mode 0600). One process at a time may use it.
 *
 * It is not sealed: whoever can read the file has the identity.
 *
 * @param path - The file; its folder must exist.
 *
 * @throws `UNSUPPORTED` outside Node: use `indexedDbStore`.
 *
 * @example
 * ```ts
 * import { fileStore, register } from 'hushroom/people';
 *
 * const people = await register({ relay: 'https://chat.example.com', userId: 'ada', store: fileStore('ada.identity') });
 * ```
 */
export function fileStore(path: string): IdentityStore {
  return platformFileStore(path);
}

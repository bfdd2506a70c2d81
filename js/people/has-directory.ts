import { checkObject } from '../check.js';
import { isKept } from './directory.js';
import type { HasDirectoryOptions } from './types.js';

/**
 * Whether a relay keeps a key directory. Nobody registers, and nothing is proved yet: `register` checks who answers.
 *
 * @param relay - The relay's address, as for rooms.
 * @throws `CONNECT_FAILED` when the relay cannot be reached, or does not let this page ask; `TypeError` for an address that is
 * none; the signal's reason.
 *
 * @example
 * ```ts
 * import { hasDirectory } from 'hushroom/people';
 *
 * if (await hasDirectory('wss://relay.example.com/ws')) console.log('people can be invited by user id');
 * ```
 */
export async function hasDirectory(relay: string | URL, options: HasDirectoryOptions = {}): Promise<boolean> {
  checkObject('options', options);
  const { fetch = globalThis.fetch, signal } = options;
  signal?.throwIfAborted();
  return isKept(relay, (...args) => fetch(...args), signal);
}

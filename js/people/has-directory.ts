import { checkObject } from '../check.js';
import { isHushError } from '../errors.js';
import { directoryOf } from './directory.js';
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
  const ask = directoryOf(relay, (...args) => fetch(...args));
  try {
    // No request at all: a directory refuses it, and a relay without one has nothing at this address.
    await ask(new Uint8Array(), signal);
    return true;
  } catch (error) {
    if (isHushError(error) && error.code === 'UNSUPPORTED') return false;
    throw error;
  }
}

import { checkInteger, checkObject, checkString } from '../check.js';
import { hushError } from '../errors.js';
import { directoryOf } from './directory.js';
import { memoryStore } from '../room/index.js';
import type { People, RegisterOptions } from './types.js';
import { User } from './user.js';

/**
 * Registers a user with the directory of a relay, or comes back as one: makes an identity if the store has none, and publishes or
 * renews its keys.
 *
 * A user id belongs to who comes first. What proves who somebody is are the safety numbers that two people compare.
 *
 * @throws `USER_TAKEN` when the user id belongs to another key; `UNSUPPORTED` when the relay keeps no directory; `RELAY_LIMIT`,
 * `RATE_LIMITED`, `CONNECT_FAILED`; `DIRECTORY_PROOF` when another directory answers than before; `INVALID_NAME`;
 * `INVALID_ARGUMENT` for a user id that is none, and for a store that holds another user; `STORE_FAILED` when the store does, and
 * `INVALID_IDENTITY` when it holds something else; the signal's reason.
 *
 * @example
 * ```ts
 * import { fileStore, register } from 'hushroom/people';
 * import { createRoom, joinRoom } from 'hushroom/room';
 *
 * const relay = 'https://chat.example.com';
 * // Grace, who has registered once, and need not be there now:
 * const grace = await register({ relay, userId: 'grace', store: fileStore('grace.identity') });
 *
 * // Ada:
 * const ada = await register({ relay, userId: 'ada', store: fileStore('ada.identity') });
 * const room = await createRoom({ relay, name: 'Ada' });
 * const contact = await ada.invite('grace', room.code, { text: 'Have a look' });
 * console.log(contact.safetyNumber); // to be compared with Grace's
 *
 * // Grace, later:
 * for (const invitation of await grace.invitations()) {
 *   await joinRoom({ relay, code: invitation.code, name: 'Grace' });
 *   await grace.acknowledge(invitation);
 * }
 * ```
 */
export async function register(options: RegisterOptions): Promise<People> {
  checkObject('options', options);
  const { userId, name, store = memoryStore(), directoryKey, signal } = options;
  if (userId !== undefined) checkString('userId', userId);
  if (directoryKey !== undefined) checkString('directoryKey', directoryKey);
  if (name !== undefined) checkString('name', name);
  signal?.throwIfAborted();
  const fetch = options.fetch ?? globalThis.fetch;
  const ask = directoryOf(options.relay, (...args) => fetch(...args));
  const clock = options.now ?? Date.now;
  const now = () => {
    const seconds = Math.floor(clock() / 1000);
    checkInteger('now', seconds, Number.MAX_SAFE_INTEGER);
    return seconds;
  };
  const user = new User({ ask, store, now, name });
  await user.start(userId, directoryKey, signal);
  if (userId !== undefined && user.userId !== userId)
    throw hushError('INVALID_ARGUMENT', 'the store holds the identity of another user');
  return user;
}

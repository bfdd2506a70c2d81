import { checkInteger } from '../check.js';
import type { Room } from '../room/types.js';
import { createQueue } from './inbox.js';
import { listen } from './listen.js';
import type { AgentMessage, ListenOptions } from './types.js';

const INBOX_SIZE = 256;
const MAX_INBOX_SIZE = 1_000_000;

/**
 * What others say in a room from now on, one by one; files too, once they are received. Ends when the room is closed or the signal
 * aborts. What waits while you work is bounded; see {@link ListenOptions.inboxSize}.
 *
 * Listening begins with the call, and ends with the loop.
 *
 * @throws `RangeError` for an inbox that holds nothing; from the iteration: `MESSAGES_LOST` when the room's own inbox overflowed,
 * `SINK_FAILED` when the folder for files cannot be made.
 *
 * @example
 * ```ts
 * import { createRoom } from 'hushroom/room';
 * import { messages } from 'hushroom/agent';
 *
 * const room = await createRoom({ relay: 'ws://127.0.0.1:8787/ws', name: 'Echo' });
 * for await (const message of messages(room)) await message.reply(message.text);
 * ```
 */
export function messages(room: Room, options: ListenOptions = {}): AsyncIterable<AgentMessage> {
  const size = options.inboxSize ?? INBOX_SIZE;
  checkInteger('inboxSize', size, MAX_INBOX_SIZE);
  if (size === 0) throw new RangeError('inboxSize must be at least 1');
  const over = new AbortController();
  const signal = options.signal === undefined ? over.signal : AbortSignal.any([options.signal, over.signal]);
  const queue = createQueue<AgentMessage>(size, () => over.abort());
  listen(room, { ...options, signal }, queue.push).then(() => queue.end(), queue.end);
  return queue.items;
}

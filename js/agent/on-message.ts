import { checkInteger } from '../check.js';
import type { Room } from '../room/types.js';
import { listen, reporter } from './listen.js';
import type { AgentMessage, Handler, Listening, OnMessageOptions } from './types.js';
import { createTyping, type Typing } from './typing.js';
import { within } from './wait.js';

const CONCURRENCY = 4;
const MAX_CONCURRENCY = 1_000;
const QUEUE_SIZE = 256;

/**
 * Calls `handler` for each message of others, and sends what it returns as the reply. Others see us typing meanwhile.
 *
 * Messages of one sender are handled in order, one at a time; those of several senders side by side. What a handler throws is
 * reported, and the next message is handled. Files come as messages with attachments, if {@link OnMessageOptions.files} says so.
 *
 * @throws `RangeError` for a concurrency or an inbox of nothing.
 *
 * @example
 * ```ts
 * import { createRoom } from 'hushroom/room';
 * import { onMessage } from 'hushroom/agent';
 *
 * const room = await createRoom({ relay: 'ws://127.0.0.1:8787/ws', name: 'Dice' });
 * onMessage(room, ({ body }) => body === '/roll' && String(1 + Math.floor(Math.random() * 6)));
 * ```
 */
export function onMessage(room: Room, handler: Handler, options: OnMessageOptions = {}): Listening {
  const { concurrency = CONCURRENCY, inboxSize = QUEUE_SIZE } = options;
  checkInteger('concurrency', concurrency, MAX_CONCURRENCY);
  checkInteger('inboxSize', inboxSize, Number.MAX_SAFE_INTEGER);
  if (concurrency === 0 || inboxSize === 0) throw new RangeError('concurrency and inboxSize must be at least 1');
  const stopped = new AbortController();
  const signal = options.signal === undefined ? stopped.signal : AbortSignal.any([options.signal, stopped.signal]);
  const report = reporter(options);
  const typing = createTyping(room);
  const waiting: AgentMessage[] = [];
  const busy = new Set<string>();
  const running = new Set<Promise<void>>();

  function push(message: AgentMessage): boolean {
    if (waiting.length >= inboxSize) return false;
    waiting.push(message);
    start();
    return true;
  }

  function start() {
    while (running.size < concurrency && !signal.aborted) {
      const index = waiting.findIndex(({ from }) => !busy.has(from.id));
      const [message] = index < 0 ? [] : waiting.splice(index, 1);
      if (message === undefined) return;
      busy.add(message.from.id);
      const run = handle(message, handler, options, signal, typing)
        .catch((error: unknown) => {
          // What stopping brings about is no news.
          if (!signal.aborted) report(error, message);
        })
        .finally(() => {
          busy.delete(message.from.id);
          running.delete(run);
          start();
        });
      running.add(run);
    }
  }

  async function run() {
    try {
      await listen(room, { ...options, signal }, push);
      // The room is over, or we are: what still waits is handled only if it can be answered.
      if (room.status === 'closed') stopped.abort();
    } catch (error) {
      report(error);
      stopped.abort();
    }
    while (running.size > 0) await Promise.all(running);
    typing.end();
  }

  const done = run();
  return {
    done,
    stop() {
      stopped.abort();
      return done;
    },
  };
}

async function handle(message: AgentMessage, handler: Handler, options: OnMessageOptions, stop: AbortSignal, typing: Typing): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([stop, over.signal]);
  const { timeoutMs = Infinity, maxLength, flushMs, quote } = options;
  const release = options.typing === false ? undefined : typing.hold();
  const work = (async () => {
    const answer = await handler(message, { signal });
    if (answer === undefined || answer === null || answer === false || answer === '') return true;
    await message.reply(answer, {
      signal,
      ...(maxLength !== undefined && { maxLength }),
      ...(flushMs !== undefined && { flushMs }),
      ...(quote !== undefined && { quote }),
    });
    return true;
  })();
  // A handler that is given up may still fail.
  work.catch(() => undefined);
  try {
    // Not raced against the signal: the agent's end waits for handlers that clean up.
    if ((await within(work, timeoutMs)) === undefined) throw new DOMException(`the handler took more than ${timeoutMs} ms`, 'TimeoutError');
  } finally {
    over.abort(new DOMException('the handler is over', 'AbortError'));
    release?.();
  }
}

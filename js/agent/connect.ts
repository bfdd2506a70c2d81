import { checkInteger } from '../check.js';
import { createQueue } from './inbox.js';
import { keepRoom } from './keep.js';
import { listen } from './listen.js';
import { onMessage } from './on-message.js';
import { say } from './say.js';
import { sendFileFrom } from './send-file.js';
import type { Agent, AgentMessage, ConnectAgentOptions, Listening } from './types.js';

const INBOX_SIZE = 256;

/**
 * Joins a room, or makes one, and stays in it.
 *
 * A lost connection the room repairs by itself. When it gives up for a reason that may pass (the relay refuses for a while, the room
 * is full), the agent joins again, with growing waits; a wrong code or password, or a room that is gone, ends it.
 *
 * @throws As `joinRoom` and `createRoom`; with `retry.initial` only for a reason that does not pass.
 *
 * @example
 * ```ts
 * import { connectAgent } from 'hushroom/agent';
 *
 * const agent = await connectAgent({ relay: 'ws://127.0.0.1:8787/ws', name: 'Dice' });
 * agent.onMessage(({ body }) => body === '/roll' && String(1 + Math.floor(Math.random() * 6)));
 * console.log(agent.code);
 * console.log('left:', await agent.closed);
 * ```
 */
export async function connectAgent(options: ConnectAgentOptions): Promise<Agent> {
  const kept = await keepRoom(options);
  return {
    get room() {
      return kept.room;
    },
    get code() {
      return kept.room.code;
    },
    get status() {
      return kept.status;
    },
    closed: kept.closed,
    onStatus: kept.onStatus,
    onMessage(handler, messageOptions) {
      let current: Listening | undefined;
      const leave = kept.onRoom((room) => (current = onMessage(room, handler, messageOptions)));
      const done = kept.closed.then(() => current?.done);
      let stopped: Promise<void> | undefined;
      return {
        get done() {
          return stopped ?? done;
        },
        stop() {
          leave();
          stopped ??= current?.stop() ?? Promise.resolve();
          return stopped;
        },
      };
    },
    messages(listenOptions = {}) {
      const { inboxSize = INBOX_SIZE } = listenOptions;
      checkInteger('inboxSize', inboxSize, 1_000_000);
      const over = new AbortController();
      const signal = listenOptions.signal === undefined ? over.signal : AbortSignal.any([listenOptions.signal, over.signal]);
      const queue = createQueue<AgentMessage>(Math.max(1, inboxSize), () => over.abort());
      let reading: Promise<void> | undefined;
      const leave = kept.onRoom((room) => (reading = listen(room, { ...listenOptions, signal }, queue.push).catch(queue.end)));
      const end = () => {
        leave();
        queue.end();
      };
      signal.addEventListener('abort', end, { once: true });
      // What came before the end is still read.
      void kept.closed.then(() => reading).then(end);
      return queue.items;
    },
    say: (answer, sayOptions) => say(kept.room, answer, sayOptions),
    sendFileFrom: (path, sendOptions) => sendFileFrom(kept.room, path, sendOptions),
    close: kept.close,
  };
}

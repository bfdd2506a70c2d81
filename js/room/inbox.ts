import { hushError } from '../errors.js';
import type { RoomEvent } from './types.js';

/** One iteration of a room's events. */
export interface Inbox {
  push(event: RoomEvent): void;
  /** No more events come; what waits is still handed out. */
  end(): void;
  readonly events: AsyncIterable<RoomEvent>;
}

/** Events that a slow reader can do without: they say how things are now, and something later says it again. */
const MINOR = new Set<RoomEvent['type']>(['typing', 'member-presence', 'transfer']);

/**
 * A bounded queue between the room and one reader.
 *
 * When `size` events wait, the oldest minor one goes; if there is none, the iteration fails with `MESSAGES_LOST` after what
 * waits has been read, so that a reader never misses a message without knowing.
 */
export function createInbox(size: number, onClose: () => void, signal?: AbortSignal): Inbox {
  const waiting: RoomEvent[] = [];
  let wake: (() => void) | undefined;
  let ended = false;
  let overflowed = false;

  const stop = () => {
    ended = true;
    onClose();
    wake?.();
  };

  async function* read(): AsyncGenerator<RoomEvent, void, void> {
    signal?.addEventListener('abort', stop, { once: true });
    try {
      for (;;) {
        signal?.throwIfAborted();
        const event = waiting.shift();
        if (event !== undefined) yield event;
        else if (overflowed) throw hushError('MESSAGES_LOST', 'events came faster than they were read');
        else if (ended) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      stop();
    }
  }

  return {
    push(event) {
      if (ended || overflowed) return;
      if (waiting.length >= size) {
        const minor = waiting.findIndex(({ type }) => MINOR.has(type));
        if (minor >= 0) waiting.splice(minor, 1);
        else if (MINOR.has(event.type)) return;
        else overflowed = true;
      }
      if (!overflowed) waiting.push(event);
      wake?.();
    },
    end: () => {
      ended = true;
      wake?.();
    },
    events: read(),
  };
}

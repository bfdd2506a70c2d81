import { isHushError } from '../errors.js';
import type { Room, RoomEvent } from '../room/types.js';
import { report } from './report.js';

/** A room's event of this type. */
export type RoomEventOf<T extends RoomEvent['type']> = Extract<RoomEvent, { readonly type: T }>;

/**
 * Calls `handler` for every event of one type from now on, in order, until the room is closed or the returned function was
 * called. When so many events came at once that some were lost, a handler of `error` is called with `MESSAGES_LOST`, and it
 * goes on. What a handler throws is reported as an uncaught error, and does not stop it.
 */
export function onRoomEvent<T extends RoomEvent['type']>(
  room: Room,
  type: T,
  handler: (event: RoomEventOf<T>) => void,
): () => void {
  const stopping = new AbortController();
  const { signal } = stopping;

  function handle(event: RoomEvent) {
    if (signal.aborted || event.type !== type) return;
    try {
      handler(event as RoomEventOf<T>);
    } catch (error) {
      report(error);
    }
  }

  async function listen() {
    while (!signal.aborted) {
      try {
        for await (const event of room.events({ signal })) handle(event);
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!isHushError(error) || error.code !== 'MESSAGES_LOST') throw error;
        handle({ type: 'error', error });
      }
    }
  }

  listen().catch(report);
  return () => stopping.abort();
}

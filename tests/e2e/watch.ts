import { createRoom, joinRoom } from '../../js/room/index.js';
import type { FileOffer, FileSink, Room, RoomEvent } from '../../js/room/index.js';
import type { HushErrorCode } from '../../js/index.js';

/** Longer than anything here takes unless it hangs. */
const PATIENCE_MS = 40_000;

/** Everything that happened in a room. */
export interface Watch {
  readonly events: readonly RoomEvent[];
  /** Resolves once `test` says something of the events so far; fails when that takes too long. */
  until<T>(test: (events: readonly RoomEvent[]) => T | undefined | false, what: string): Promise<T>;
  /** Codes of the errors so far, oldest first. */
  errors(): HushErrorCode[];
  /** Texts of others, in the order they came. */
  texts(): string[];
  offer(): Promise<FileOffer>;
}

/** Reads a room's events from now on. */
export function watch(room: Room): Watch {
  const events: RoomEvent[] = [];
  const waiting = new Set<() => void>();
  const reading = (async () => {
    for await (const event of room.events()) {
      events.push(event);
      for (const wake of [...waiting]) wake();
    }
  })();
  reading.catch((error: unknown) => {
    events.push({ type: 'error', error: error as Extract<RoomEvent, { type: 'error' }>['error'] });
    for (const wake of [...waiting]) wake();
  });
  const self: Watch = {
    events,
    until(test, what) {
      return new Promise((resolve, reject) => {
        const seen = () => events.map((event) => (event.type === 'error' ? event.error.code : event.type)).join(' ');
        const timer = setTimeout(() => finish(() => reject(new Error(`waited in vain for ${what}; there was ${seen()}`))), PATIENCE_MS);
        const look = () => {
          const found = test(events);
          if (found !== undefined && found !== false) finish(() => resolve(found));
        };
        function finish(end: () => void) {
          clearTimeout(timer);
          waiting.delete(look);
          end();
        }
        waiting.add(look);
        look();
      });
    },
    errors: () => events.flatMap((event) => (event.type === 'error' ? [event.error.code] : [])),
    texts: () => events.flatMap((event) => (event.type === 'message' && !event.fromSelf ? [event.message.text] : [])),
    offer: () => self.until((all) => all.flatMap((event) => (event.type === 'file-offer' ? [event.offer] : [])).at(-1), 'an offer'),
  };
  return self;
}

/** Two who know each other, each with the address of a relay. */
export async function meet(adaRelay: string, graceRelay: string = adaRelay) {
  const ada = await createRoom({ relay: adaRelay, name: 'Ada Lovelace' });
  const adaSees = watch(ada);
  const grace = await joinRoom({ relay: graceRelay, code: ada.code, name: 'Grace Hopper' });
  const graceSees = watch(grace);
  await adaSees.until((events) => events.some(({ type }) => type === 'member-joined'), 'Grace');
  // Hers may have come before the watch began.
  await graceSees.until(() => grace.members.length === 2, 'Ada');
  return { ada, adaSees, grace, graceSees, close: () => Promise.all([ada.close(), grace.close()]) };
}

/** A sink that keeps everything, and remembers how it ended. */
export function memorySink() {
  const parts: Buffer[] = [];
  const sink = {
    kind: 'stream' as const,
    state: 'open' as 'open' | 'closed' | 'aborted',
    write(chunk: Uint8Array) {
      parts.push(Buffer.from(chunk));
      return Promise.resolve();
    },
    close() {
      sink.state = 'closed';
      return Promise.resolve();
    },
    abort() {
      sink.state = 'aborted';
      return Promise.resolve();
    },
    bytes: () => Buffer.concat(parts),
  };
  return sink satisfies FileSink;
}

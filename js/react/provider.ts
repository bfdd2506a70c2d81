import { createContext, createElement, useContext, useEffect, useState, useSyncExternalStore, type ReactElement, type ReactNode } from 'react';

import type { Room } from '../room/types.js';
import { checkSource, INITIAL, Opening, type OpeningState, type OpenRoom } from '../view/index.js';
import { useLatest } from './latest.js';

/** Exactly one of `open` and `room`. */
export type RoomProviderProps = { readonly children?: ReactNode } & (
  | {
      /**
       * Opens the room, with `createRoom` or `joinRoom`; give it the `signal`. It is called in the browser only, when the provider is mounted, and not
       * again when it is rendered with another function: another `key` opens another room, or tries once more.
       */
      readonly open: OpenRoom;
      readonly room?: undefined;
    }
  | {
      /** A room that is open already, and that is not closed from here. */
      readonly room: Room;
      readonly open?: undefined;
    }
);

const RoomContext = /* @__PURE__ */ createContext<Opening | undefined>(undefined);

/**
 * Gives a room to the components inside. It opens the room when it is mounted and closes it when it is unmounted, once each, in Strict Mode
 * too; when it is unmounted before the room is open, the `signal` is aborted. A server renders it as `connecting`.
 *
 * A room that should outlive a page or a hidden `<Activity>` is opened elsewhere and given as `room`.
 *
 * @throws `TypeError` unless exactly one of `open` and `room` is given.
 *
 * @example
 * ```tsx
 * import { joinRoom } from 'hushroom/room';
 * import { RoomProvider, useMessages } from 'hushroom/react';
 *
 * const relay = 'ws://127.0.0.1:8787/ws';
 *
 * export function Chat({ code }: { code: string }) {
 *   return (
 *     <RoomProvider key={code} open={({ signal }) => joinRoom({ relay, code, name: 'Ada', signal })}>
 *       <Messages />
 *     </RoomProvider>
 *   );
 * }
 *
 * function Messages() {
 *   return <ul>{useMessages().map(({ id, from, text }) => <li key={id}>{from.name}: {text}</li>)}</ul>;
 * }
 * ```
 */
export function RoomProvider({ open, room, children }: RoomProviderProps): ReactElement {
  checkSource('RoomProvider', open, room);
  // After a remount it is called again, and then the newest one counts.
  const latest = useLatest(open);
  const make = () => new Opening(room ?? ((options) => (latest.current as OpenRoom)(options)));
  const [given, setGiven] = useState(() => ({ room, opening: make() }));
  let { opening } = given;
  if (given.room !== room) {
    opening = make();
    setGiven({ room, opening });
  }
  useEffect(() => {
    opening.retain();
    return () => opening.release();
  }, [opening]);
  return createElement(RoomContext.Provider, { value: opening }, children);
}

/** What `select` makes of the room's state: rendered anew when that is another value. Nothing of the room is told to a server. */
export function useSelected<T>(select: (state: OpeningState) => T): T {
  const opening = useContext(RoomContext);
  if (opening === undefined) throw new Error('hooks of hushroom/react work only in components inside a <RoomProvider>');
  return useSyncExternalStore(
    opening.subscribe,
    () => select(opening.getState()),
    () => select(INITIAL),
  );
}

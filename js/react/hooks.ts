import { useEffect, useMemo } from 'react';

import type { RoomSafetyNumber, SafetyNumber } from '../identity/types.js';
import type { FileOffer } from '../room/file-types.js';
import type { Member, Message, Room, RoomEvent } from '../room/types.js';
import {
  lastMessages, onRoomEvent, safetyBasis, safetyNumber, transferViews, typingMembers,
  type OpeningState, type RoomEventOf, type TransferView,
} from '../view/index.js';
import { useLatest } from './latest.js';
import { useSelected } from './provider.js';

/** Where a room stands. */
export type RoomStanding = Pick<OpeningState, 'status' | 'error'>;

/** Options of {@link useMessages}. */
export interface MessagesOptions {
  /** Only so many, the last ones. Default: all that the room keeps. */
  readonly limit?: number | undefined;
}

/** Files that come and go. */
export interface FileTransfers {
  /** Offers that wait for an answer. */
  readonly offers: readonly FileOffer[];
  /** Files on their way, and those that were. */
  readonly transfers: readonly TransferView[];
}

/**
 * The room, to send, react and so on; nothing before it is open. It stays when it is closed by itself. A component that uses only
 * this is not rendered again when something happens in the room.
 *
 * @throws `Error` outside a `RoomProvider`, as all hooks here.
 *
 * @example
 * ```tsx
 * import { useRoom } from 'hushroom/react';
 *
 * export function Wave() {
 *   const room = useRoom();
 *   return <button disabled={room === undefined} onClick={() => void room?.send('👋')}>Wave</button>;
 * }
 * ```
 */
export function useRoom(): Room | undefined {
  return useSelected(({ room }) => room);
}

/**
 * How the room stands: `connecting`, `open`, `reconnecting`, `closed`, or `failed` when it could not be opened; with the `error` of the last two, if
 * there is one.
 *
 * @example
 * ```tsx
 * import { useRoomStatus } from 'hushroom/react';
 *
 * export function Status() {
 *   const { status, error } = useRoomStatus();
 *   return <p role="status">{error instanceof Error ? error.message : status}</p>;
 * }
 * ```
 */
export function useRoomStatus(): RoomStanding {
  const status = useSelected((state) => state.status);
  const error = useSelected((state) => state.error);
  return useMemo(() => ({ status, ...(error !== undefined && { error }) }), [status, error]);
}

/**
 * The messages, oldest first. Neither typing, nor members, nor files render it anew; with a `limit`, neither do older messages.
 *
 * @throws `TypeError` and `RangeError` unless `limit` is a whole number of at least 0.
 *
 * @example
 * ```tsx
 * import { useMessages } from 'hushroom/react';
 *
 * export function Messages() {
 *   return <ol>{useMessages({ limit: 50 }).map(({ id, from, text }) => <li key={id}>{from.name}: {text}</li>)}</ol>;
 * }
 * ```
 */
export function useMessages({ limit }: MessagesOptions = {}): readonly Message[] {
  const select = useMemo(() => lastMessages(limit), [limit]);
  return useSelected(({ snapshot }) => select(snapshot));
}

/**
 * Everybody here, us included.
 *
 * @example
 * ```tsx
 * import { useMembers } from 'hushroom/react';
 *
 * export function Members() {
 *   return <p>{useMembers().map(({ name, self }) => (self ? `${name} (you)` : name)).join(', ')}</p>;
 * }
 * ```
 */
export function useMembers(): readonly Member[] {
  return useSelected(({ snapshot }) => snapshot.members);
}

/**
 * The others who are typing. To say so of ourselves, call `room.typing()` on every key press.
 *
 * @example
 * ```tsx
 * import { useTyping } from 'hushroom/react';
 *
 * export function Typing() {
 *   const names = useTyping().map(({ name }) => name);
 *   return <p>{names.length > 0 && `${names.join(' and ')} typing`}</p>;
 * }
 * ```
 */
export function useTyping(): readonly Member[] {
  const select = useMemo(typingMembers, []);
  return useSelected(({ snapshot }) => select(snapshot));
}

/**
 * Files that are offered to us, and those on their way with their progress, at most ten times a second for each.
 *
 * @example
 * ```tsx
 * import { useFileTransfers } from 'hushroom/react';
 *
 * export function Files() {
 *   const { offers, transfers } = useFileTransfers();
 *   return (
 *     <ul>
 *       {offers.map((offer) => <li key={offer.id}>{offer.name} <button onClick={() => offer.accept()}>Accept</button></li>)}
 *       {transfers.map(({ transfer, state, progress }) => (
 *         <li key={transfer.id}>{transfer.name}: {state} <progress value={progress.bytes} max={progress.total} /></li>
 *       ))}
 *     </ul>
 *   );
 * }
 * ```
 */
export function useFileTransfers(): FileTransfers {
  const offers = useSelected(({ snapshot }) => snapshot.offers);
  const transfers = useSelected(({ snapshot }) => transferViews(snapshot.transfers));
  return useMemo(() => ({ offers, transfers }), [offers, transfers]);
}

/**
 * The number to compare with a member by another way than the room, or that of the whole room. Nothing as long as it cannot be told: before
 * the room is open, before the member's key has come, for ourselves, and once the room is closed. It is made anew, in about 25 ms, when
 * the member's key changes or, for the room, when somebody comes or leaves. After the comparison, call `room.verify(memberId)`.
 *
 * @example
 * ```tsx
 * import { useSafetyNumber } from 'hushroom/react';
 *
 * export function SafetyNumber({ memberId }: { memberId: string }) {
 *   return <code>{useSafetyNumber(memberId)?.digits.match(/.{5}/g)?.join(' ')}</code>;
 * }
 * ```
 */
export function useSafetyNumber(memberId: string): SafetyNumber | undefined;
export function useSafetyNumber(memberId?: string): SafetyNumber | RoomSafetyNumber | undefined;
export function useSafetyNumber(memberId?: string): SafetyNumber | RoomSafetyNumber | undefined {
  const room = useRoom();
  const basis = useSelected(({ snapshot }) => safetyBasis(snapshot, memberId));
  return useMemo(() => (room === undefined ? undefined : safetyNumber(room, memberId)), [room, memberId, basis]);
}

/**
 * Calls `handler` for every event of one type while the component is mounted, always the one of the latest render; there is no need to memoise it. For what
 * is shown there are the other hooks; this is for sounds, notifications and the like. What happened before the component was mounted is not told.
 *
 * @example
 * ```tsx
 * import { useRoomEvent } from 'hushroom/react';
 *
 * export function Title() {
 *   useRoomEvent('message', ({ message, fromSelf }) => {
 *     if (!fromSelf && document.hidden) document.title = `${message.from.name} has written`;
 *   });
 *   return null;
 * }
 * ```
 */
export function useRoomEvent<T extends RoomEvent['type']>(type: T, handler: (event: RoomEventOf<T>) => void): void {
  const room = useRoom();
  const latest = useLatest(handler);
  useEffect(
    () => (room === undefined ? undefined : onRoomEvent(room, type, (event) => latest.current(event))),
    [room, type, latest],
  );
}

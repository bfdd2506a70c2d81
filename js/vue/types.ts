import type { ComputedRef, MaybeRefOrGetter } from 'vue';

import type { RoomSafetyNumber, SafetyNumber } from '../identity/types.js';
import type { FileOffer } from '../room/file-types.js';
import type { Member, Message, Room, RoomEvent, RoomStatus } from '../room/types.js';
import type { OpenRoom, RoomEventOf, TransferView } from '../view/index.js';

/** Options of `provideRoom`: how to open a room, or one that is open. Exactly one of them. */
export type ProvideRoomOptions =
  | {
      /**
       * Opens the room: `({ signal }) => joinRoom({ relay, code, name, signal })`. Called once, when the component is
       * mounted, and never on a server. `signal` is aborted when the component is unmounted: hand it on, so that a join under
       * way ends with it.
       */
      readonly open: OpenRoom;
      readonly room?: never;
    }
  | {
      /** A room that you have opened, and will close. */
      readonly room: Room;
      readonly open?: never;
    };

/** A ref that cannot be written to. Each of its values is immutable: a change brings another one. */
export type ReadonlyRef<T> = ComputedRef<T>;

/** What `useFileDrop` takes. */
export interface FileDropOptions {
  /** What to do with dropped files, at least one. Default: each is sent to everybody in the room. */
  readonly onFiles?: (files: File[]) => void;
  /** A file could not be sent: see `room.sendFile` for why. Default: it is reported as an uncaught error. */
  readonly onError?: (error: unknown, file: File) => void;
  /** Whether no files are taken now. A dropped one does nothing then. */
  readonly disabled?: MaybeRefOrGetter<boolean>;
}

/** What makes an element a drop zone. */
export interface FileDropProps {
  readonly onDragenter: (event: DragEvent) => void;
  readonly onDragover: (event: DragEvent) => void;
  readonly onDragleave: (event: DragEvent) => void;
  readonly onDrop: (event: DragEvent) => void;
}

/** A drop zone. */
export interface FileDrop {
  /** Whether files that would be taken are being dragged over it. */
  readonly isOver: ReadonlyRef<boolean>;
  /** For the element: `<main v-bind="dropProps">`. */
  readonly dropProps: FileDropProps;
}

/**
 * A room as refs, from `provideRoom` and `useRoom`. Take it apart, and templates unwrap them: `const { messages, status } =
 * useRoom()`.
 *
 * Until the component that provides it is mounted, and on a server for good, `status` is `'connecting'` and every list is
 * empty.
 */
export interface RoomState {
  /** The room, once it is open. Kept when it closes. */
  readonly room: ReadonlyRef<Room | undefined>;
  /** `failed`: it could not be opened, see {@link error}. `closed` is final as well. */
  readonly status: ReadonlyRef<RoomStatus | 'failed'>;
  /** Why it is `failed`, or `closed` by somebody else; most often a `HushError`. */
  readonly error: ReadonlyRef<unknown>;
  /** The last 1,000 messages, oldest first. */
  readonly messages: ReadonlyRef<readonly Message[]>;
  /** Everybody in the room, ourselves included. */
  readonly members: ReadonlyRef<readonly Member[]>;
  /** Who else is typing. */
  readonly typing: ReadonlyRef<readonly Member[]>;
  /** Files that wait for our answer. */
  readonly offers: ReadonlyRef<readonly FileOffer[]>;
  /** Files that come and go, with their progress: at most ten changes a second of each. */
  readonly transfers: ReadonlyRef<readonly TransferView[]>;
  /**
   * Calls `handler` for every event of one type, from when the room is open. Ends with the component (or effect scope) that
   * calls it, or with the returned function. When so many events came at once that some were lost, handlers of `error` get
   * `MESSAGES_LOST`.
   *
   * @example
   * ```ts
   * import { useRoom } from 'hushroom/vue';
   *
   * const { onEvent } = useRoom();
   * onEvent('message', ({ message, fromSelf }) => {
   *   if (!fromSelf) new Notification(message.from.name, { body: message.text });
   * });
   * ```
   */
  onEvent<T extends RoomEvent['type']>(type: T, handler: (event: RoomEventOf<T>) => void): () => void;
  /**
   * Makes an element a place to drop files on. Folders are left out, and what an element inside has taken. Unless there is an
   * `onFiles`, it takes files while there is a room that is not closed.
   *
   * @example
   * ```vue
   * <script setup lang="ts">
   * import { useRoom } from 'hushroom/vue';
   *
   * const { isOver, dropProps } = useRoom().useFileDrop();
   * </script>
   *
   * <template>
   *   <main v-bind="dropProps" :class="{ over: isOver }">Drop files here</main>
   * </template>
   * ```
   */
  useFileDrop(options?: FileDropOptions): FileDrop;
  /**
   * The number that everybody in the room compares by another way. Made when it is first read, and anew when somebody comes
   * or leaves. `undefined` while it cannot be told: the room is not open, or is closed, or the key of a member has not come.
   */
  safetyNumber(): ReadonlyRef<RoomSafetyNumber | undefined>;
  /**
   * The number to compare with one member. `undefined` also for ourselves, for an id that nobody has, and while `memberId` is
   * `undefined`. Takes about 25 ms to make.
   */
  safetyNumber(memberId: MaybeRefOrGetter<string | undefined>): ReadonlyRef<SafetyNumber | undefined>;
}

import {
  computed, effectScope, getCurrentScope, shallowRef, toValue, watch, type EffectScope, type MaybeRefOrGetter, type ShallowRef,
} from 'vue';

import type { RoomSafetyNumber, SafetyNumber } from '../identity/types.js';
import type { Room, RoomEvent } from '../room/types.js';
import {
  createDropZone, INITIAL, lastMessages, onRoomEvent, safetyBasis, safetyNumber, sendFiles, transferViews, typingMembers, type OpeningState,
  type RoomEventOf,
} from '../view/index.js';
import type { FileDrop, FileDropOptions, ReadonlyRef, RoomState } from './types.js';

/** The refs of a room, and how to change them. */
export interface WritableState {
  readonly state: RoomState;
  /** What has not changed stays as it is, and nobody hears of it. */
  update(next: OpeningState): void;
}

/** Starts with what a server renders. What is asked for outside of any scope ends with `scope`. */
export function createState(scope: EffectScope): WritableState {
  const messagesOf = lastMessages(undefined);
  const typingOf = typingMembers();
  const { snapshot } = INITIAL;
  // Computed, so that a store takes them for what they are: derived, not its own to write, save or hydrate. Of no scope, since they tell
  // the end, too.
  const apart = effectScope(true);
  const shown = <T>(ref: ShallowRef<T>): ReadonlyRef<T> => apart.run(() => computed(() => ref.value)) as ReadonlyRef<T>;
  const room = shallowRef<Room>();
  const status = shallowRef(INITIAL.status);
  const error = shallowRef<unknown>();
  const messages = shallowRef(snapshot.messages);
  const members = shallowRef(snapshot.members);
  const typing = shallowRef(typingOf(snapshot));
  const offers = shallowRef(snapshot.offers);
  const transfers = shallowRef(transferViews(snapshot.transfers));

  function onEvent<T extends RoomEvent['type']>(type: T, handler: (event: RoomEventOf<T>) => void): () => void {
    // Sync, so that what the room says in its first turn is not missed.
    const follow = () =>
      watch(room, (now, _, onCleanup) => now && onCleanup(onRoomEvent(now, type, handler)), { immediate: true, flush: 'sync' });
    return (getCurrentScope() ?? scope).run(follow) ?? (() => undefined);
  }

  function useFileDrop({ onFiles, onError, disabled }: FileDropOptions = {}): FileDrop {
    const takes = () => toValue(disabled) !== true && (onFiles !== undefined || (room.value !== undefined && status.value !== 'closed'));
    const over = shallowRef(false);
    const zone = createDropZone({
      onFiles(files) {
        if (onFiles !== undefined) onFiles(files);
        else if (room.value !== undefined) sendFiles(room.value, files, onError);
      },
      canDrop: takes,
      onChange: () => (over.value = zone.isOver),
    });
    const { enter: onDragenter, over: onDragover, leave: onDragleave, drop: onDrop } = zone;
    return { isOver: computed(() => over.value && takes()), dropProps: { onDragenter, onDragover, onDragleave, onDrop } };
  }

  function numberOf(): ReadonlyRef<RoomSafetyNumber | undefined>;
  function numberOf(memberId: MaybeRefOrGetter<string | undefined>): ReadonlyRef<SafetyNumber | undefined>;
  function numberOf(...args: readonly MaybeRefOrGetter<string | undefined>[]): ReadonlyRef<RoomSafetyNumber | undefined> {
    let basis: string | undefined;
    let number: RoomSafetyNumber | undefined;
    return computed(() => {
      const id = toValue(args[0]);
      const state = status.value;
      if (room.value === undefined || state === 'failed' || (args.length > 0 && id === undefined)) return undefined;
      // Making it takes its time, and members also change when their connection does.
      const before = basis;
      basis = `${id} ${safetyBasis({ ...snapshot, members: members.value, status: state }, id)}`;
      if (basis !== before) number = safetyNumber(room.value, id);
      return number;
    });
  }

  return {
    state: {
      room: shown(room),
      status: shown(status),
      error: shown(error),
      messages: shown(messages),
      members: shown(members),
      typing: shown(typing),
      offers: shown(offers),
      transfers: shown(transfers),
      onEvent,
      useFileDrop,
      safetyNumber: numberOf,
    },
    update(next) {
      room.value = next.room;
      status.value = next.status;
      error.value = next.error;
      messages.value = messagesOf(next.snapshot);
      members.value = next.snapshot.members;
      typing.value = typingOf(next.snapshot);
      offers.value = next.snapshot.offers;
      transfers.value = transferViews(next.snapshot.transfers);
    },
  };
}

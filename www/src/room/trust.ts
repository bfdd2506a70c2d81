import type { Comparison, Room, RoomEvent } from 'hushroom/room';

import { announce } from '../lib/announce.ts';
import { explain } from '../lib/errors.ts';
import { createStore } from '../lib/store.ts';
import type { Readable } from '../lib/store.ts';
import { t } from '../strings.ts';

/** Who is who in a room: comparisons of pictures, and what becomes of keys. */
export interface Trust {
  /** The latest with each member, until it is put away. */
  readonly comparisons: Readable<readonly Comparison[]>;
  /** Asks a member to compare, or agrees if that member has asked. */
  compare(memberId: string): void;
  /** Puts the comparison with a member away; one that still runs is given up. */
  drop(memberId: string): void;
  /** Takes the new key of a member for good. */
  acceptKey(memberId: string): Promise<void>;
  /** @returns Whether the event was about this. */
  onEvent(event: RoomEvent): boolean;
}

export interface TrustHost {
  note(text: string): void;
  notify(text: string): void;
}

export const isOver = ({ state }: Comparison): boolean => state === 'verified' || state === 'failed';

export function createTrust(room: Room, { note, notify }: TrustHost): Trust {
  const comparisons = createStore<readonly Comparison[]>([]);
  const without = (memberId: string) => (all: readonly Comparison[]) =>
    all.filter(({ member }) => member.id !== memberId);
  const put = (comparison: Comparison) =>
    comparisons.update((all) => [...without(comparison.member.id)(all), comparison]);

  const tell = ({ state, member, reason }: Comparison) => {
    if (state === 'requested') announce(t.compare.asks(member.name));
    else if (state === 'pictures') announce(t.compare.underWayReady(member.name));
    else if (state === 'verified') announce(t.compare.verified(member.name));
    else if (state === 'failed') announce(t.compare.failed[reason ?? 'cancelled']);
  };
  const onComparison = (comparison: Comparison) => {
    const before = comparisons.get().find(({ member }) => member.id === comparison.member.id);
    // Asked, and taken back before we answered: nothing is left to tell.
    if (before?.state === 'requested' && comparison.state === 'failed') comparisons.update(without(comparison.member.id));
    else put(comparison);
    tell(comparison);
  };

  return {
    comparisons,
    compare(memberId) {
      try {
        put(room.compare(memberId));
      } catch (error) {
        notify(explain(error));
      }
    },
    drop(memberId) {
      const found = comparisons.get().find(({ member }) => member.id === memberId);
      comparisons.update(without(memberId));
      if (found === undefined || isOver(found)) return;
      found.cancel();
      // Giving up is told as an event, too: we know.
      comparisons.update(without(memberId));
    },
    async acceptKey(memberId) {
      try {
        await room.acknowledgeKey(memberId);
        const name = room.members.find(({ id }) => id === memberId)?.name;
        if (name !== undefined) announce(t.keyChange.accepted(name));
      } catch (error) {
        notify(explain(error));
      }
    },
    onEvent(event) {
      if (event.type === 'comparison') onComparison(event.comparison);
      else if (event.type === 'key-changed') note(t.keyChange.note(event.member.name));
      else return event.type === 'member-trust';
      return true;
    },
  };
}

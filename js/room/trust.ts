import { hushError, isHushError } from '../errors.js';
import { unixSeconds, type KeptIdentity } from '../identity/identity.js';
import { roomSafetyNumberOf, safetyNumberOf } from '../identity/safety-number.js';
import type { RoomSafetyNumber, SafetyNumber } from '../identity/types.js';
import type { Store } from './store.js';
import type { Member, RoomEvent } from './types.js';

/** What trust needs of its room. */
export interface TrustHost {
  readonly identity: KeptIdentity;
  readonly store: Store;
  /** By which contacts are kept; nothing before the room is entered, or after it is over. */
  roomId(): string | undefined;
  /** Whether the room is one for two: its other member is remembered, so that nobody else is let near in its place. */
  readonly forTwo: boolean;
  /** The contacts are these now. */
  onContacts(contacts: Uint8Array): void;
  emit(event: RoomEvent): void;
}

/** Keeps whom the room has met, and what its user has found out about them. */
export interface RoomTrust {
  /** Keeps that `member` was met. What cannot be kept is an event. */
  meet(member: Member): void;
  verify(memberId: string, verified: boolean): Promise<void>;
  acknowledge(memberId: string): Promise<void>;
  number(memberId: string): SafetyNumber;
  roomNumber(): RoomSafetyNumber;
  /** Hears no more; resolves when what was met is kept, or could not be. */
  stop(): Promise<void>;
}

export function createTrust({ identity, store, roomId, forTwo, onContacts, emit }: TrustHost): RoomTrust {
  let waiting: { room: string; member: Member; partner: boolean }[] = [];
  let keeping: Promise<void> | undefined;
  let stopped = false;
  const unwatch = identity.watch(onContacts);

  /** Many come at once: they are kept in one turn. */
  async function keep(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await identity.change((machine) => {
          for (const { room, member, partner } of batch) {
            machine.meet(room, member.name, member.deviceKey, unixSeconds());
            if (partner) machine.setPartner(room, member.deviceKey);
          }
        });
      } catch (cause) {
        const error = isHushError(cause) ? cause : hushError('STORE_FAILED', 'who was met could not be kept', cause);
        if (!stopped) emit({ type: 'error', error });
      }
    }
    keeping = undefined;
  }

  /** A member who is here, or was, and whose key is known. */
  function keyed(memberId: string): { member: Member; room: string } {
    const member = store.find(memberId);
    if (member === undefined) throw hushError('UNKNOWN_MEMBER', 'no such member');
    if (member.self) throw hushError('INVALID_ARGUMENT', 'this is us');
    if (member.deviceKey === '') throw hushError('INVALID_STATE', 'the key of this member has not come');
    const room = roomId();
    if (room === undefined) throw hushError('CLOSED', 'the room was closed');
    return { member, room };
  }

  return {
    meet(member) {
      const room = roomId();
      if (member.deviceKey === '' || member.deviceKey === store.self.deviceKey || room === undefined) return;
      waiting.push({ room, member, partner: forTwo });
      keeping ??= Promise.resolve().then(keep);
    },
    async verify(memberId, verified) {
      if (typeof verified !== 'boolean') throw new TypeError('verified must be a boolean');
      const { member, room } = keyed(memberId);
      await identity.change((machine) => {
        machine.verify(member.deviceKey, verified, unixSeconds());
        // Its name goes with it, and its key is accepted for it.
        if (verified) machine.meet(room, member.name, member.deviceKey, unixSeconds());
      });
    },
    async acknowledge(memberId) {
      const { member, room } = keyed(memberId);
      await identity.change((machine) => machine.acknowledge(room, member.name, member.deviceKey, unixSeconds()));
    },
    number: (memberId) => safetyNumberOf(store.self.deviceKey, keyed(memberId).member.deviceKey),
    roomNumber() {
      const keys = store.snapshot.members.map(({ deviceKey }) => deviceKey);
      if (keys.includes('')) throw hushError('INVALID_STATE', 'the key of a member has not come');
      return roomSafetyNumberOf(keys);
    },
    async stop() {
      stopped = true;
      unwatch();
      await keeping;
    },
  };
}

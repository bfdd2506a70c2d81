import { isHushError } from '../errors.js';
import type { RoomSafetyNumber, SafetyNumber } from '../identity/types.js';
import type { Room, RoomSnapshot } from '../room/types.js';

/** What a safety number depends on, for a room: it is to be made anew when this is another string. */
export function safetyBasis({ members, status }: RoomSnapshot, memberId?: string): string {
  const keys = members.filter(({ id }) => memberId === undefined || id === memberId).map(({ id, deviceKey }) => `${id} ${deviceKey}`);
  // Once the room is closed there are none.
  return [status === 'closed', ...keys].join();
}

/**
 * The safety number with a member, or of the whole room. Takes about 25 ms. Nothing for ourselves, for somebody unknown, while a
 * key has not come, and once the room is closed.
 */
export function safetyNumber(room: Room, memberId: string): SafetyNumber | undefined;
export function safetyNumber(room: Room, memberId?: string): SafetyNumber | RoomSafetyNumber | undefined;
export function safetyNumber(room: Room, memberId?: string): SafetyNumber | RoomSafetyNumber | undefined {
  if (room.status === 'closed') return undefined;
  try {
    return memberId === undefined ? room.safetyNumber() : room.safetyNumber(memberId);
  } catch (error) {
    if (isHushError(error) && UNTOLD.includes(error.code)) return undefined;
    throw error;
  }
}

const UNTOLD: readonly string[] = ['UNKNOWN_MEMBER', 'INVALID_ARGUMENT', 'INVALID_STATE', 'CLOSED'];

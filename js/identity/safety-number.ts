import { checkBytes } from '../check.js';
import { roomWasm } from '../load-room.js';
import type { Bytes } from '../types.js';
import type { RoomSafetyNumber, SafetyNumber } from './types.js';

/** The number of our key and another, both base64url. Takes about 25 ms. */
export function safetyNumberOf(own: string, other: string): SafetyNumber {
  const { digits, scannable } = roomWasm().safetyNumber(own, other) as { digits: string; scannable: Bytes };
  return {
    digits,
    scannable,
    compare(scanned) {
      checkBytes('scanned', scanned);
      return roomWasm().compareSafetyNumbers(scannable, scanned) as ReturnType<SafetyNumber['compare']>;
    },
  };
}

/** The number of everybody with one of these keys. */
export function roomSafetyNumberOf(keys: readonly string[]): RoomSafetyNumber {
  return { digits: roomWasm().roomSafetyNumber([...keys]) };
}

import type { RoomWasm } from '../load-room.js';
import { roomWasm } from '../room/index.js';

/** The wasm of the room entry, which this entry shares: see `scripts/lib/bundle.mjs`. */
export function peopleWasm(): RoomWasm {
  return roomWasm();
}

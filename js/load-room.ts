import type { Glue } from './gen/room/glue.js';

import { wasm } from './load.js';

/** The wasm of the room entries: everything of {@link Wasm}, and rooms. */
export type RoomWasm = Glue;

/** The running instance, as `wasm()`. Only for modules of the room entries, which are bundled with the room build. */
export function roomWasm(): RoomWasm {
  return wasm() as unknown as RoomWasm;
}

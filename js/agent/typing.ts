import type { Room } from '../room/types.js';
import { TYPING_INTERVAL_MS } from '../room/typing.js';

/** Behind each time that the room lets one through: no client forgets us in between. */
const MARGIN_MS = 100;

/** Shows others that we are typing, for as long as somebody holds it. */
export interface Typing {
  /** Holds it; returns how to let go, which may be called twice. */
  hold(): () => void;
  /** Lets go for all. */
  end(): void;
}

/** Typing in a room. */
export function createTyping(room: Room): Typing {
  let holders = 0;
  let timer: ReturnType<typeof setInterval> | undefined;

  function show(on: boolean) {
    // Typing is a courtesy: a room that is just ending must not fail the handler.
    if (room.status !== 'open') return;
    try {
      room.typing(on);
    } catch {
      // The room has told its own reason.
    }
  }

  function stop() {
    clearInterval(timer);
    timer = undefined;
    show(false);
  }

  return {
    hold() {
      let held = true;
      holders += 1;
      if (timer === undefined) {
        show(true);
        timer = setInterval(() => show(true), TYPING_INTERVAL_MS[room.protocol] + MARGIN_MS);
      }
      return () => {
        if (!held) return;
        held = false;
        holders -= 1;
        if (holders === 0) stop();
      };
    },
    end() {
      if (timer !== undefined) stop();
    },
  };
}

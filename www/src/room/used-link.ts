import { useEffect, useState } from 'preact/hooks';

import { partsOf } from './invite.ts';
import type { Session } from './session.ts';

/** In this tab only, and only the room's id, which opens nothing. */
const KEY = 'hushroom.used';

function usedRooms(): readonly string[] {
  try {
    return sessionStorage.getItem(KEY)?.split(' ') ?? [];
  } catch {
    return [];
  }
}

/** Whether the link of a room for two has let somebody in, as far as this tab has seen. Of other rooms never. */
export function useLinkUsed({ room, forTwo }: Session, members: number): boolean {
  const [used, setUsed] = useState(() => forTwo && usedRooms().includes(partsOf(room.code).roomId));
  const now = forTwo && (used || members > 1);
  useEffect(() => {
    if (!now || used) return;
    setUsed(true);
    try {
      sessionStorage.setItem(KEY, [...usedRooms(), partsOf(room.code).roomId].slice(-20).join(' '));
    } catch {
      // Then a reload shows the link again until the other is seen.
    }
  }, [now]);
  return now;
}

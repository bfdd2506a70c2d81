import type { Member, Room } from 'hushroom/room';
import { useMemo, useState } from 'preact/hooks';

import { t } from '../strings.ts';
import { Digits } from './digits.tsx';

export interface RoomNumberProps {
  readonly room: Room;
  readonly members: readonly Member[];
}

/** The number of everybody who is here, behind a line to click: few compare it, and it is worked out only then. */
export function RoomNumber({ room, members }: RoomNumberProps) {
  const [open, setOpen] = useState(false);
  return (
    <details class="more room-number" data-testid="room-number" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t.safety.room}</summary>
      {open && members.some(({ deviceKey }) => deviceKey === '') && <p class="hint">{t.safety.roomNoKey}</p>}
      {open && members.every(({ deviceKey }) => deviceKey !== '') && (
        <NumberOf room={room} keys={members.map(({ deviceKey }) => deviceKey).join(' ')} />
      )}
    </details>
  );
}

function NumberOf({ room, keys }: { readonly room: Room; readonly keys: string }) {
  const { digits } = useMemo(() => room.safetyNumber(), [room, keys]);
  return (
    <div class="more-body">
      <p class="hint">{t.safety.roomLead}</p>
      <Digits digits={digits} label={t.safety.roomGrid} />
    </div>
  );
}

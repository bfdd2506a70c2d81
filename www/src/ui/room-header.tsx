import type { RoomSnapshot } from 'hushroom/room';

import { useNow } from '../lib/browser.ts';
import { formatMoment, formatSpan } from '../lib/format.ts';
import { t } from '../strings.ts';
import { ClockIcon, InviteIcon, LeaveIcon, PeopleIcon } from './icons.tsx';
import { Wordmark } from './wordmark.tsx';

export interface RoomHeaderProps {
  readonly snapshot: RoomSnapshot;
  /** Absent when there is nothing to come to any more. */
  readonly onInvite: (() => void) | undefined;
  /** Absent where the panel is on screen anyway. */
  readonly onPanel: (() => void) | undefined;
  readonly onLeave: () => void;
}

export function RoomHeader({ snapshot, onInvite, onPanel, onLeave }: RoomHeaderProps) {
  const { status, expiresAt, members } = snapshot;
  return (
    <header class="room-head">
      <h1 class="room-brand">
        <Wordmark />
      </h1>
      <p class={`status status-${status}`} data-testid="status">
        <span class="status-dot" aria-hidden="true" />
        <span class="status-text">{t.status[status]}</span>
      </p>
      {expiresAt > 0 && status !== 'closed' && <Countdown expiresAt={expiresAt} />}
      <div class="room-tools">
        {onInvite !== undefined && (
          <button type="button" class="button button-tool" data-testid="invite" onClick={onInvite}>
            <InviteIcon />
            <span class="button-text">{t.invite.open}</span>
          </button>
        )}
        {onPanel !== undefined && (
          <button
            type="button"
            class="button button-tool"
            aria-label={t.people.open(members.length)}
            data-testid="panel"
            onClick={onPanel}
          >
            <PeopleIcon />
            {members.length}
          </button>
        )}
        <button type="button" class="button button-tool" data-testid="leave" onClick={onLeave}>
          <LeaveIcon />
          <span class="button-text">{t.leave.open}</span>
        </button>
      </div>
    </header>
  );
}

const HOUR_S = 3600;

function Countdown({ expiresAt }: { readonly expiresAt: number }) {
  const left = Math.max(0, expiresAt - useNow(1000) / 1000);
  // Seconds tick only where they matter.
  const shown = left > HOUR_S ? Math.ceil(left / 60) * 60 : left;
  return (
    <p class="countdown" title={t.expiry.title(formatMoment(expiresAt * 1000))} data-testid="countdown">
      <ClockIcon />
      {t.expiry.ends(formatSpan(shown))}
    </p>
  );
}

import type { Protocol, RoomSnapshot } from 'hushroom/room';

import { useSeconds } from '../lib/browser.ts';
import { formatClock, formatMoment, formatSpan } from '../lib/format.ts';
import { t } from '../strings.ts';
import { ClockIcon, InviteIcon, LeaveIcon, LockIcon, PeopleIcon, TimerIcon } from './icons.tsx';
import { Wordmark } from './wordmark.tsx';

export interface RoomHeaderProps {
  readonly snapshot: RoomSnapshot;
  readonly protocol: Protocol;
  readonly onAbout: () => void;
  /** Absent when there is nothing to come to any more. */
  readonly onInvite: (() => void) | undefined;
  /** Absent where the panel is on screen anyway. */
  readonly onPanel: (() => void) | undefined;
  readonly onLeave: () => void;
}

export function RoomHeader({ snapshot, protocol, onAbout, onInvite, onPanel, onLeave }: RoomHeaderProps) {
  const { status, expiresAt, ephemeralSeconds, members } = snapshot;
  const counts = expiresAt > 0 && status !== 'closed';
  return (
    <header class="room-head">
      <h1 class="room-brand">
        <Wordmark />
      </h1>
      <p class={`status status-${status}`} data-testid="status">
        <span class="status-dot" aria-hidden="true" />
        <span class="status-text">{t.status[status]}</span>
      </p>
      <button
        type="button"
        class={`badge badge-${protocol}`}
        aria-label={t.about.open(t.about.badge[protocol])}
        title={t.about.title}
        data-testid="about"
        onClick={onAbout}
      >
        <LockIcon />
        {t.about.badge[protocol]}
      </button>
      {(counts || ephemeralSeconds > 0) && (
        <div class="room-facts">
          {ephemeralSeconds > 0 && (
            <p class="countdown" title={t.vanish.chipTitle(formatSpan(ephemeralSeconds))} data-testid="vanish-chip">
              <TimerIcon />
              {t.vanish.chip(formatSpan(ephemeralSeconds))}
            </p>
          )}
          {counts && <Countdown expiresAt={expiresAt} />}
        </div>
      )}
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
/** From here on, in seconds, the end is warned of. */
export const ENDING_SOON_S = 300;

function Countdown({ expiresAt }: { readonly expiresAt: number }) {
  const left = Math.max(0, expiresAt - useSeconds() / 1000);
  // Seconds tick only where they matter.
  const shown = left > HOUR_S ? formatSpan(Math.ceil(left / 60) * 60) : formatClock(Math.ceil(left));
  return (
    <p
      class={`countdown ${left <= ENDING_SOON_S ? 'countdown-soon' : ''}`}
      title={t.expiry.title(formatMoment(expiresAt * 1000))}
      data-testid="countdown"
    >
      <ClockIcon />
      {t.expiry.ends(shown)}
    </p>
  );
}

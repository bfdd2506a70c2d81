import type { RoomSnapshot } from 'hushroom/room';

import { explain } from '../lib/errors.ts';
import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';

export interface BannerProps {
  readonly session: Session;
  readonly snapshot: RoomSnapshot;
  readonly onStartOver: () => void;
}

/** Says what is wrong with the connection, and what happens next. */
export function Banner({ session, snapshot, onStartOver }: BannerProps) {
  if (snapshot.status === 'reconnecting') {
    return (
      <p class="banner" data-testid="banner">
        {navigator.onLine ? t.banner.reconnecting : t.banner.offline}
      </p>
    );
  }
  if (snapshot.status !== 'closed') return null;
  const { closeReason } = session.room;
  return (
    <div class="banner banner-final" role="alert" data-testid="banner">
      <p>{closeReason === undefined ? t.banner.closed : explain(closeReason)}</p>
      <button type="button" class="button button-primary" onClick={onStartOver}>
        {t.banner.startOver}
      </button>
    </div>
  );
}

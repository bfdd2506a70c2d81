import { useEffect } from 'preact/hooks';

import { announce } from '../lib/announce.ts';
import { useSeconds } from '../lib/browser.ts';
import { formatClock, formatSpan } from '../lib/format.ts';
import { t } from '../strings.ts';
import { ENDING_SOON_S } from './room-header.tsx';

/** Read out at these many seconds before the end; on screen it counts. */
const ANNOUNCED_S = [ENDING_SOON_S, 60] as const;

/** Warns that the room's time is nearly over. */
export function EndingSoon({ expiresAt }: { readonly expiresAt: number }) {
  const left = Math.ceil(expiresAt - useSeconds() / 1000);
  const passed = ANNOUNCED_S.filter((mark) => left <= mark).length;
  useEffect(() => {
    if (passed > 0 && left > 0) announce(t.expiry.announce(formatSpan(left)));
  }, [passed]);
  if (passed === 0 || left <= 0) return null;
  return (
    <p class="banner" data-testid="ending-soon">
      {t.expiry.soon(formatClock(left))}
    </p>
  );
}

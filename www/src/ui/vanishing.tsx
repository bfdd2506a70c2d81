import { useSeconds } from '../lib/browser.ts';
import { formatClock, formatSpan } from '../lib/format.ts';
import { t } from '../strings.ts';
import { TimerIcon } from './icons.tsx';

/** Below, the count is told apart. */
const SOON_SECONDS = 5;

/** How long a message is still there. Counts quietly: nothing is read out as it does. */
export function Vanishing({ at }: { readonly at: number }) {
  const left = Math.max(0, Math.ceil((at - useSeconds()) / 1000));
  return (
    <span
      class={`vanishing ${left <= SOON_SECONDS ? 'vanishing-soon' : ''}`}
      title={t.vanish.left(formatSpan(left))}
      // The conversation is a live region: the count would be read out every second.
      aria-live="off"
      data-testid="vanishing"
    >
      <TimerIcon />
      <span aria-hidden="true">{formatClock(left)}</span>
      <span class="sr-only">{t.vanish.left(formatSpan(left))}</span>
    </span>
  );
}

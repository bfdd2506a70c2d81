import { t } from '../strings.ts';
import { SignedIcon } from './icons.tsx';

/** Beside the name of a member whose device we have verified. */
export function VerifiedBadge() {
  return (
    <>
      {' '}
      <span class="verified" title={t.safety.badgeTitle} data-testid="verified">
        <SignedIcon />
        <span class="sr-only">{t.safety.badge}</span>
      </span>
    </>
  );
}

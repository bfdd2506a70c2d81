import { announcement } from '../lib/announce.ts';
import { useStore } from '../lib/store.ts';

/** Says to screen readers what others see happen: see `announce`. */
export function LiveRegion() {
  return (
    <div class="sr-only" role="status" aria-live="polite" data-testid="announcer">
      {useStore(announcement)}
    </div>
  );
}

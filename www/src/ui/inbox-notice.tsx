import { scrollBehavior } from '../lib/browser.ts';
import { useStore } from '../lib/store.ts';
import { directory } from '../people/directory.ts';
import { t } from '../strings.ts';

/** On top of the start screen, that somebody has invited us: the mailbox itself stands further down. */
export function InboxNotice() {
  const { length } = useStore(directory.inbox);
  if (length === 0) return null;
  const show = () => {
    const heading = document.getElementById('inbox-title');
    heading?.focus({ preventScroll: true });
    heading?.scrollIntoView({ behavior: scrollBehavior(), block: 'start' });
  };
  return (
    <p class="inbox-notice" data-testid="inbox-notice">
      {t.directory.inboxCount(length)}
      <button type="button" class="button button-small" onClick={show}>
        {t.directory.inboxShow}
      </button>
    </p>
  );
}

import { useStore } from '../lib/store.ts';
import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';
import { CloseIcon } from './icons.tsx';

/** Lines that stay until they are dismissed: what failed, and what to do. */
export function Notices({ session }: { readonly session: Session }) {
  const notices = useStore(session.notices);
  return (
    <div class="notices" role="alert">
      {notices.map(({ id, text }) => (
        <div key={id} class="notice" data-testid="notice">
          <p>{text}</p>
          <button type="button" class="icon-button" aria-label={t.dismiss} onClick={() => session.dismiss(id)}>
            <CloseIcon />
          </button>
        </div>
      ))}
    </div>
  );
}

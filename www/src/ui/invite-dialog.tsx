import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';
import { Dialog } from './dialog.tsx';
import { InviteCard } from './invite-card.tsx';

export interface InviteDialogProps {
  readonly session: Session;
  readonly used: boolean;
  readonly onClose: () => void;
}

/** The room's link; in a room for two, once the other has come, that there is nobody more to invite. */
export function InviteDialog({ session, used, onClose }: InviteDialogProps) {
  const { forTwo, invited } = session;
  // Not for a second person: who was invited from the directory is to find the place free.
  const promised = forTwo && !used && invited !== undefined;
  if (promised || (forTwo && used)) {
    return (
      <Dialog title={promised ? t.directory.waitingTitle(invited) : t.two.usedTitle} onClose={onClose}>
        <p class="lead" data-testid="link-used">
          {promised ? t.directory.waitingLead(invited) : t.two.used}
        </p>
        <div class="button-row">
          <button type="button" class="button" autoFocus onClick={onClose}>
            {t.close}
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={forTwo ? t.two.inviteTitle : t.invite.title} onClose={onClose}>
      <p class="lead" data-testid="invite-lead">
        {forTwo ? t.two.lead : t.invite.emptyLead}
      </p>
      <InviteCard link={session.link} code={session.room.code} once={forTwo} focus />
    </Dialog>
  );
}

import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';
import { InviteCard } from './invite-card.tsx';

export interface WelcomeProps {
  readonly session: Session;
  /** Whether the link of a room for two has been used. */
  readonly used: boolean;
}

/** What stands in a room where nobody has said anything, and nobody else is. */
export function Welcome({ session: { room, link, forTwo, invited }, used }: WelcomeProps) {
  const [title, lead] =
    invited !== undefined
      ? [t.directory.waitingTitle(invited), t.directory.waitingLead(invited)]
      : forTwo && used
        ? [t.people.waiting, t.two.used]
        : [t.invite.emptyTitle, forTwo ? t.two.lead : t.invite.emptyLead];
  return (
    <section class="welcome" aria-labelledby="welcome-title" data-testid="welcome">
      <h2 id="welcome-title">{title}</h2>
      <p class="lead">{lead}</p>
      {/* A link that works once is not for a second person, nor for nobody. */}
      {invited === undefined && !(forTwo && used) && <InviteCard link={link} code={room.code} once={forTwo} />}
    </section>
  );
}

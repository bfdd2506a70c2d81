import type { Invitation, People } from 'hushroom/people';
import { useRef } from 'preact/hooks';

import { formatMoment } from '../lib/format.ts';
import { recall } from '../lib/storage.ts';
import { directory } from '../people/directory.ts';
import { useInbox, useTask } from '../people/use-directory.ts';
import { connect } from '../room/connect.ts';
import { partsOf } from '../room/invite.ts';
import { openSession } from '../room/session.ts';
import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';
import { Digits } from './digits.tsx';

export interface InboxListProps {
  readonly people: People;
  readonly onEnter: (session: Session) => void;
}

/** Invitations that wait for us. */
export function InboxList({ people, onEnter }: InboxListProps) {
  const { invitations, busy, problem, look } = useInbox();
  const heading = useRef<HTMLHeadingElement>(null);
  return (
    <section class="inbox" aria-labelledby="inbox-title" data-testid="inbox">
      <div class="inbox-head">
        <h3 ref={heading} id="inbox-title" class="quiet-focus" tabIndex={-1}>
          {t.directory.inbox}
        </h3>
        <button type="button" class="button button-small" disabled={busy} onClick={() => void look()}>
          {busy ? t.directory.refreshing : t.directory.refresh}
        </button>
      </div>
      {invitations.length === 0 && <p class="hint">{t.directory.empty}</p>}
      <ul class="inbox-list">
        {invitations.map((invitation) => (
          <InvitationItem
            key={`${invitation.from} ${invitation.code}`}
            {...{ people, invitation, onEnter }}
            onGone={() => heading.current?.focus()}
          />
        ))}
      </ul>
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}

interface InvitationItemProps extends InboxListProps {
  readonly invitation: Invitation;
  /** What had the focus goes away. */
  readonly onGone: () => void;
}

function InvitationItem({ people, invitation, onEnter, onGone }: InvitationItemProps) {
  const { from, sender, safetyNumber, text, sentAt, code } = invitation;
  const { busy, problem, run } = useTask();
  const [word, meaning] = t.directory.sender[sender];
  const open = async () => {
    const name = recall('name') ?? people.userId;
    const { protocol } = partsOf(code);
    const room = await connect({ how: 'join', name, protocol, code, password: '' }, new AbortController().signal);
    // In the room: from here on the invitation is of no use to anybody. If that cannot be told, it waits here again.
    await directory.settle(invitation).catch(() => undefined);
    onEnter(openSession(room));
  };
  const drop = async () => {
    await directory.settle(invitation);
    onGone();
  };
  return (
    <li class="invitation" data-testid="invitation" data-sender={sender}>
      <p class="invitation-head">
        <strong>{from}</strong>
        <span class={`sender sender-${sender}`}>{word}</span>
        <time class="known-facts" dateTime={new Date(sentAt * 1000).toISOString()}>
          {formatMoment(sentAt * 1000)}
        </time>
      </p>
      {text !== '' && (
        <p class="invitation-text" dir="auto">
          {text}
        </p>
      )}
      <p class="hint">{meaning}</p>
      <details class="more">
        <summary>{t.directory.number}</summary>
        <div class="more-body">
          <Digits digits={safetyNumber} label={t.safety.grid} />
        </div>
      </details>
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <div class="button-row">
        <button
          type="button"
          class={`button button-small ${sender === 'other-key' ? '' : 'button-primary'}`}
          aria-label={t.directory.openOf(from)}
          disabled={busy}
          onClick={() => run(open)}
        >
          {busy ? t.directory.opening : t.directory.open}
        </button>
        <button
          type="button"
          class="button button-small"
          aria-label={t.directory.dropOf(from)}
          disabled={busy}
          onClick={() => run(drop)}
        >
          {t.directory.drop}
        </button>
      </div>
    </li>
  );
}

import type { Contact, People } from 'hushroom/people';
import { useState } from 'preact/hooks';

import { recall } from '../lib/storage.ts';
import { useTask } from '../people/use-directory.ts';
import { connect } from '../room/connect.ts';
import { openSession } from '../room/session.ts';
import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';
import { ContactView } from './contact-view.tsx';

export interface FindFormProps {
  readonly people: People;
  readonly onEnter: (session: Session) => void;
}

/** Looks somebody up, and invites that person into a room for two that is opened on the spot. */
export function FindForm({ people, onEnter }: FindFormProps) {
  const [userId, setUserId] = useState('');
  const [contact, setContact] = useState<Contact>();
  const [own, setOwn] = useState(false);
  const { busy, problem, run } = useTask();
  const look = () => {
    const wanted = userId.trim().toLowerCase();
    setContact(undefined);
    setOwn(wanted === people.userId);
    if (wanted !== '' && wanted !== people.userId) run(async () => setContact(await people.lookup(wanted)));
  };
  const invite = async (to: Contact, text: string) => {
    const terms = { maxMembers: 2, expirySeconds: 0, ephemeralSeconds: 0, password: '' };
    const entry = { how: 'create', protocol: 'hush1', name: recall('name') ?? people.userId, ...terms } as const;
    const room = await connect(entry, new AbortController().signal);
    try {
      await people.invite(to.userId, room.code, { text });
    } catch (error) {
      await room.close();
      throw error;
    }
    onEnter(openSession(room, to.userId));
  };
  return (
    <section class="find" aria-labelledby="find-title">
      <form
        class="card-form"
        data-testid="find"
        aria-labelledby="find-title"
        onSubmit={(event) => {
          event.preventDefault();
          look();
        }}
      >
        <h3 id="find-title">{t.directory.find}</h3>
        <div class="field-with-button">
          <input
            class="field"
            data-testid="find-id"
            aria-label={t.directory.findLabel}
            placeholder={t.directory.findPlaceholder}
            autoCapitalize="none"
            autoComplete="off"
            spellcheck={false}
            maxLength={64}
            value={userId}
            onInput={(event) => setUserId(event.currentTarget.value)}
          />
          <button type="submit" class="button" disabled={busy}>
            {busy ? t.directory.looking : t.directory.look}
          </button>
        </div>
        {(own || problem !== undefined) && (
          <p class="problem" role="alert" data-testid="find-problem">
            {own ? t.directory.self : problem}
          </p>
        )}
      </form>
      {contact !== undefined && (
        <ContactView
          key={`${contact.userId} ${contact.identityKey} ${contact.status}`}
          contact={contact}
          onAccept={async () => {
            await people.acknowledgeKey(contact);
            setContact(await people.lookup(contact.userId));
          }}
          onInvite={(text) => invite(contact, text)}
        />
      )}
    </section>
  );
}

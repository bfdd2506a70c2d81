import { useState } from 'preact/hooks';

import { useDevice } from '../device/device.ts';
import { directory } from '../people/directory.ts';
import { useDirectory, useTask } from '../people/use-directory.ts';
import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';
import { FindForm } from './find-form.tsx';
import { InboxList } from './inbox-list.tsx';

export interface PeopleCardProps {
  readonly onEnter: (session: Session) => void;
}

/** The relay's directory on the start screen. Nothing where it keeps none. */
export function PeopleCard({ onEnter }: PeopleCardProps) {
  const standing = useDirectory();
  if (standing.at === 'unknown' || standing.at === 'none') return null;
  return (
    <section class="card card-quiet people-card" aria-labelledby="directory-title" data-testid="people-card">
      <h2 id="directory-title">{t.directory.title}</h2>
      {standing.at === 'out' && <SignUpForm />}
      {standing.at === 'away' && (
        <>
          <p class="problem" role="alert">
            {standing.problem}
          </p>
          <div class="button-row">
            <button type="button" class="button button-small" onClick={() => void directory.enter()}>
              {t.directory.again}
            </button>
          </div>
        </>
      )}
      {standing.at === 'in' && (
        <>
          <p class="hint" data-testid="own-user-id">
            {t.directory.you(standing.people.userId)}
          </p>
          <InboxList people={standing.people} onEnter={onEnter} />
          <FindForm people={standing.people} onEnter={onEnter} />
        </>
      )}
    </section>
  );
}

const USER_ID = /^[a-z0-9._-]{2,64}$/;

function SignUpForm() {
  const [userId, setUserId] = useState('');
  const [wrong, setWrong] = useState(false);
  const { busy, problem, run } = useTask();
  const device = useDevice();
  const shown = wrong ? t.directory.userIdWrong : problem;
  return (
    <form
      class="card-form"
      data-testid="sign-up"
      aria-labelledby="directory-title"
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = userId.trim().toLowerCase();
        const fits = USER_ID.test(wanted);
        setWrong(!fits);
        if (fits) run(() => directory.signUp(wanted));
      }}
    >
      <p class="hint">{t.directory.lead}</p>
      <div class="form-row">
        <label for="user-id">{t.directory.userId}</label>
        <div class="field-with-button">
          <input
            id="user-id"
            class="field"
            data-testid="user-id"
            aria-describedby="user-id-hint"
            aria-invalid={shown !== undefined}
            autoCapitalize="none"
            autoComplete="off"
            spellcheck={false}
            maxLength={64}
            value={userId}
            disabled={busy}
            onInput={(event) => setUserId(event.currentTarget.value)}
          />
          <button type="submit" class="button" disabled={busy}>
            {busy ? t.directory.registering : t.directory.register}
          </button>
        </div>
        <p id="user-id-hint" class="hint">
          {t.directory.userIdHint}
        </p>
      </div>
      {device?.lasting === false && <p class="device-note">{t.directory.memory}</p>}
      {shown !== undefined && (
        <p class="problem" role="alert" data-testid="people-problem">
          {shown}
        </p>
      )}
    </form>
  );
}

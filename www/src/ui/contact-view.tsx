import type { Contact } from 'hushroom/people';
import { useState } from 'preact/hooks';

import { useTask } from '../people/use-directory.ts';
import { t } from '../strings.ts';
import { Digits } from './digits.tsx';

export interface ContactViewProps {
  readonly contact: Contact;
  /** Trusts the key that has taken another's place. */
  readonly onAccept: () => Promise<void>;
  readonly onInvite: (text: string) => Promise<void>;
}

/** As many bytes as an invitation takes, in characters that need four. */
const MOST_TEXT = 500;

/** Somebody of the directory: how sure we are of the key, and an invitation. */
export function ContactView({ contact, onAccept, onInvite }: ContactViewProps) {
  const { userId, name, status, safetyNumber } = contact;
  const [text, setText] = useState('');
  const { busy, problem, run } = useTask();
  const [word, meaning] = t.directory.status[status];
  return (
    <div class="contact" data-testid="contact" data-status={status}>
      <p class="invitation-head">
        <strong>{userId}</strong>
        <span class={`sender sender-${status}`}>{word}</span>
        {name !== '' && <span class="known-facts">{t.directory.called(name)}</span>}
      </p>
      <p class="hint">{meaning}</p>
      <Digits digits={safetyNumber} label={t.safety.grid} />
      {status === 'changed' ? (
        <div class="button-row">
          <button type="button" class="button" disabled={busy} onClick={() => run(onAccept)}>
            {t.directory.accept}
          </button>
        </div>
      ) : (
        <form
          class="card-form"
          data-testid="invite-form"
          onSubmit={(event) => {
            event.preventDefault();
            run(() => onInvite(text.trim()));
          }}
        >
          <label class="form-row">
            {t.directory.text}
            <input
              class="field"
              data-testid="invite-text"
              maxLength={MOST_TEXT}
              placeholder={t.directory.textPlaceholder}
              value={text}
              disabled={busy}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
          <div class="button-row">
            <button type="submit" class="button button-primary button-wide" disabled={busy} data-testid="invite-person">
              {busy ? t.directory.inviting : t.directory.invite}
            </button>
          </div>
        </form>
      )}
      {problem !== undefined && (
        <p class="problem" role="alert" data-testid="contact-problem">
          {problem}
        </p>
      )}
    </div>
  );
}

import { useState } from 'preact/hooks';

import { explain } from '../lib/errors.ts';
import { readCode } from '../room/invite.ts';
import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';
import { CreateForm } from './create-form.tsx';
import { InboxNotice } from './inbox-notice.tsx';
import { PageFrame } from './page-frame.tsx';
import { PeopleCard } from './people-card.tsx';

export interface StartScreenProps {
  readonly onCode: (code: string) => void;
  readonly onEnter: (session: Session) => void;
}

/** What one sees first: open a room, or enter a code. */
export function StartScreen({ onCode, onEnter }: StartScreenProps) {
  return (
    <PageFrame>
      <div class="hero">
        <h1>{t.tagline}</h1>
        <p class="lead">{t.pitch}</p>
        <ul class="points">
          {t.points.map(([title, text]) => (
            <li key={title}>
              <strong>{title}</strong>
              <span>{text}</span>
            </li>
          ))}
        </ul>
      </div>
      <div class="start-forms">
        <InboxNotice />
        <CreateForm onEnter={onEnter} />
        <CodeForm onCode={onCode} />
        <PeopleCard onEnter={onEnter} />
      </div>
    </PageFrame>
  );
}

function CodeForm({ onCode }: Pick<StartScreenProps, 'onCode'>) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();
  const submit = () => {
    try {
      readCode(text);
      onCode(text);
    } catch (error) {
      setProblem(explain(error));
    }
  };
  return (
    <form
      class="card card-quiet"
      data-testid="code-form"
      aria-labelledby="code-title"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <h2 id="code-title">{t.join.haveCode}</h2>
      <div class="field-with-button">
        <input
          class="field"
          data-testid="code"
          aria-label={t.join.codeLabel}
          aria-describedby={problem === undefined ? undefined : 'code-problem'}
          aria-invalid={problem !== undefined}
          placeholder={t.join.codePlaceholder}
          autoComplete="off"
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="button">
          {t.join.next}
        </button>
      </div>
      {problem !== undefined && (
        <p id="code-problem" class="problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}

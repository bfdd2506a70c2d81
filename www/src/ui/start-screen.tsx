import { useState } from 'preact/hooks';

import { recall } from '../lib/storage.ts';
import { explain } from '../lib/errors.ts';
import { useConnect } from '../room/connect.ts';
import { readCode } from '../room/invite.ts';
import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';
import { FormFoot } from './form-foot.tsx';
import { NameField } from './name-field.tsx';
import { PageFrame } from './page-frame.tsx';

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
        <CreateForm onEnter={onEnter} />
        <CodeForm onCode={onCode} />
      </div>
    </PageFrame>
  );
}

function CreateForm({ onEnter }: Pick<StartScreenProps, 'onEnter'>) {
  const [name, setName] = useState(recall('name') ?? '');
  const [expirySeconds, setExpiry] = useState(0);
  const [maxMembers, setMembers] = useState(10);
  const attempt = useConnect(onEnter);
  return (
    <form
      class="card"
      data-testid="create-form"
      aria-labelledby="create-title"
      onSubmit={(event) => {
        event.preventDefault();
        attempt.start({ how: 'create', name: name.trim(), expirySeconds, maxMembers });
      }}
    >
      <h2 id="create-title">{t.create.title}</h2>
      <NameField value={name} onInput={setName} disabled={attempt.busy} />
      <div class="form-pair">
        <Choice label={t.create.expiry} choices={t.create.expiryChoices} value={expirySeconds} onChange={setExpiry} />
        <Choice label={t.create.members} choices={t.create.membersChoices} value={maxMembers} onChange={setMembers} />
      </div>
      <FormFoot attempt={attempt} submit={t.create.submit} busy={t.create.busy} />
    </form>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly choices: readonly (readonly [number, string])[];
  readonly value: number;
  readonly onChange: (value: number) => void;
}

function Choice({ label, choices, value, onChange }: ChoiceProps) {
  return (
    <label class="form-row">
      {label}
      <select class="field" value={value} onChange={(event) => onChange(Number(event.currentTarget.value))}>
        {choices.map(([choice, text]) => (
          <option key={choice} value={choice} selected={choice === value}>
            {text}
          </option>
        ))}
      </select>
    </label>
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

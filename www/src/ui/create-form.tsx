import type { Protocol } from 'hushroom/room';
import { useId, useState } from 'preact/hooks';

import { recall } from '../lib/storage.ts';
import { useConnect } from '../room/connect.ts';
import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';
import { Choice } from './choice.tsx';
import { ForChoice } from './for-choice.tsx';
import { FormFoot } from './form-foot.tsx';
import { NameField } from './name-field.tsx';
import { PasswordField } from './password-field.tsx';

/** Arthas rooms always take as many. */
const MOST_MEMBERS = 50;

/** Opens a room. What most people never need is folded away. */
export function CreateForm({ onEnter }: { readonly onEnter: (session: Session) => void }) {
  const [name, setName] = useState(recall('name') ?? '');
  const [expirySeconds, setExpiry] = useState(0);
  const [members, setMembers] = useState(10);
  const [ephemeralSeconds, setEphemeral] = useState(0);
  const [forTwo, setForTwo] = useState(false);
  const [protocol, setProtocol] = useState<Protocol>('hush1');
  const [password, setPassword] = useState('');
  const attempt = useConnect(onEnter);
  const arthas = protocol === 'arthas' && !forTwo;
  const maxMembers = forTwo ? 2 : arthas ? MOST_MEMBERS : members;
  return (
    <form
      class="card"
      data-testid="create-form"
      aria-labelledby="create-title"
      onSubmit={(event) => {
        event.preventDefault();
        const entry = { name: name.trim(), expirySeconds, maxMembers, ephemeralSeconds, password };
        attempt.start({ how: 'create', protocol: arthas ? 'arthas' : 'hush1', ...entry });
      }}
    >
      <h2 id="create-title">{t.create.title}</h2>
      <NameField value={name} onInput={setName} disabled={attempt.busy} />
      <ForChoice forTwo={forTwo} onChange={setForTwo} />
      <div class={forTwo ? 'form-single' : 'form-pair'}>
        <Choice label={t.create.expiry} choices={t.create.expiryChoices} value={expirySeconds} onChange={setExpiry} />
        {!forTwo && (
          <Choice
            label={t.create.members}
            choices={t.create.membersChoices}
            value={maxMembers}
            disabled={arthas}
            onChange={setMembers}
          />
        )}
      </div>
      <details class="more" data-testid="more">
        <summary>{t.create.more}</summary>
        <div class="more-body">
          <Choice
            label={t.create.vanish}
            choices={t.create.vanishChoices}
            value={ephemeralSeconds}
            onChange={setEphemeral}
          />
          {/* Of the two kinds only one has rooms for two. */}
          {!forTwo && <KindChoice value={protocol} onChange={setProtocol} />}
          {arthas && (
            <PasswordField
              label={t.password.optional}
              hint={t.password.hint}
              value={password}
              onInput={setPassword}
              disabled={attempt.busy}
              fresh
            />
          )}
        </div>
      </details>
      <FormFoot attempt={attempt} submit={t.create.submit} busy={t.create.busy} />
    </form>
  );
}

interface KindChoiceProps {
  readonly value: Protocol;
  readonly onChange: (value: Protocol) => void;
}

const KINDS = ['hush1', 'arthas'] as const;

/** Two radio buttons, each with what choosing it means. */
function KindChoice({ value, onChange }: KindChoiceProps) {
  const id = useId();
  return (
    <fieldset class="kinds" data-testid="kinds">
      <legend>{t.create.kind}</legend>
      {KINDS.map((kind) => {
        const [name, meaning] = t.create.kinds[kind];
        return (
          <label key={kind} class="kind">
            <input
              type="radio"
              name="kind"
              value={kind}
              checked={value === kind}
              aria-labelledby={`${id}-${kind}`}
              aria-describedby={`${id}-${kind}-means`}
              onChange={() => onChange(kind)}
            />
            <span class="kind-text">
              <strong id={`${id}-${kind}`}>{name}</strong>
              <span id={`${id}-${kind}-means`}>{meaning}</span>
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}

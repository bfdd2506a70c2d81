import { useState } from 'preact/hooks';

import { isHushError } from 'hushroom/room';

import { formatMoment } from '../lib/format.ts';
import { recall } from '../lib/storage.ts';
import { useConnect } from '../room/connect.ts';
import { readCode } from '../room/invite.ts';
import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';
import { FormFoot } from './form-foot.tsx';
import { NameField } from './name-field.tsx';
import { PageFrame } from './page-frame.tsx';

export interface JoinScreenProps {
  readonly code: string;
  readonly onEnter: (session: Session) => void;
  readonly onBack: () => void;
}

/** What one sees after opening a link: who shall the others see? */
export function JoinScreen({ code, onEnter, onBack }: JoinScreenProps) {
  const [name, setName] = useState(recall('name') ?? '');
  const attempt = useConnect(onEnter);
  const { refused, expiresAt } = look(code);
  return (
    <PageFrame>
      <form
        class="card card-alone"
        data-testid="join-form"
        aria-labelledby="join-title"
        onSubmit={(event) => {
          event.preventDefault();
          attempt.start({ how: 'join', name: name.trim(), code });
        }}
      >
        <h1 id="join-title">{t.join.title}</h1>
        {refused === undefined ? (
          <>
            <p class="lead">{t.join.lead}</p>
            {expiresAt > 0 && <p class="hint">{t.join.ends(formatMoment(expiresAt * 1000))}</p>}
            <NameField value={name} onInput={setName} disabled={attempt.busy} focus />
            <FormFoot attempt={attempt} submit={t.join.submit} busy={t.join.busy} />
          </>
        ) : (
          <p class="problem" role="alert" data-testid="problem">
            {refused}
          </p>
        )}
        <button type="button" class="link-button" onClick={onBack}>
          {t.join.elsewhere}
        </button>
      </form>
    </PageFrame>
  );
}

/** What a code says by itself, or why it cannot be used. */
function look(code: string): { readonly refused?: string; readonly expiresAt: number } {
  try {
    const { protocol, expiresAt } = readCode(code);
    return protocol === 'hush1' ? { expiresAt } : { refused: t.errors.FOREIGN_CODE, expiresAt };
  } catch (error) {
    return { refused: isHushError(error) ? t.errors.INVALID_SHARE_CODE : t.errors.OTHER, expiresAt: 0 };
  }
}

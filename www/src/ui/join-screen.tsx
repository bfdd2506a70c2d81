import { useEffect, useState } from 'preact/hooks';

import { isHushError } from 'hushroom/room';
import type { ShareCode } from 'hushroom/room';

import { formatMoment, formatSpan } from '../lib/format.ts';
import { recall } from '../lib/storage.ts';
import { useConnect } from '../room/connect.ts';
import { readCode } from '../room/invite.ts';
import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';
import { FormFoot } from './form-foot.tsx';
import { NameField } from './name-field.tsx';
import { PageFrame } from './page-frame.tsx';
import { PasswordField } from './password-field.tsx';
import { UsedLink } from './used-link.tsx';

export interface JoinScreenProps {
  readonly code: string;
  readonly onEnter: (session: Session) => void;
  readonly onBack: () => void;
}

/** What one sees after opening a link: who shall the others see? */
export function JoinScreen({ code, onEnter, onBack }: JoinScreenProps) {
  const look = read(code);
  const [used, setUsed] = useState(false);
  const forTwo = 'maxMembers' in look;
  return (
    <PageFrame>
      <div class="card card-alone">
        {used ? (
          <UsedLink />
        ) : (
          <>
            <h1 id="join-title">{forTwo ? t.two.joinTitle : t.join.title}</h1>
            {'refused' in look ? (
              <p class="problem" role="alert" data-testid="problem">
                {look.refused}
              </p>
            ) : (
              <JoinForm code={code} says={look} onEnter={onEnter} onUsed={() => setUsed(true)} />
            )}
          </>
        )}
        <button type="button" class="link-button" onClick={onBack}>
          {t.join.elsewhere}
        </button>
      </div>
    </PageFrame>
  );
}

interface JoinFormProps extends Pick<JoinScreenProps, 'code' | 'onEnter'> {
  /** What the code says by itself. */
  readonly says: ShareCode;
  /** Both places of a room for two are taken. */
  readonly onUsed: () => void;
}

function JoinForm({ code, says, onEnter, onUsed }: JoinFormProps) {
  const { protocol, expiresAt, ephemeralSeconds, maxMembers } = says;
  const [name, setName] = useState(recall('name') ?? '');
  const [password, setPassword] = useState('');
  const attempt = useConnect(onEnter);
  useEffect(() => {
    if (attempt.code === 'INVITATION_USED') onUsed();
  }, [attempt.code]);
  return (
    <form
      class="card-form"
      data-testid="join-form"
      aria-labelledby="join-title"
      onSubmit={(event) => {
        event.preventDefault();
        attempt.start({ how: 'join', name: name.trim(), protocol, code, password });
      }}
    >
      <p class="lead">{maxMembers === 2 ? t.two.joinLead : t.join.lead}</p>
      {(protocol === 'arthas' || ephemeralSeconds > 0 || expiresAt > 0) && (
        <ul class="terms" data-testid="terms">
          {protocol === 'arthas' && <li>{t.join.arthas}</li>}
          {ephemeralSeconds > 0 && <li>{t.join.vanish(formatSpan(ephemeralSeconds))}</li>}
          {expiresAt > 0 && <li>{t.join.ends(formatMoment(expiresAt * 1000))}</li>}
        </ul>
      )}
      <NameField value={name} onInput={setName} disabled={attempt.busy} focus />
      {attempt.needsPassword && (
        <PasswordField
          label={t.password.label}
          hint={t.password.needed}
          value={password}
          onInput={setPassword}
          disabled={attempt.busy}
          focus
        />
      )}
      <FormFoot attempt={attempt} submit={t.join.submit} busy={t.join.busy} />
    </form>
  );
}

/** What a code says, or why it cannot be used. */
function read(code: string): ShareCode | { readonly refused: string } {
  try {
    return readCode(code);
  } catch (error) {
    return { refused: isHushError(error) ? t.errors.INVALID_SHARE_CODE : t.errors.OTHER };
  }
}

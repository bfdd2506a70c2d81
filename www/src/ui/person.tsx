import type { Member } from 'hushroom/room';

import { t } from '../strings.ts';
import { Avatar } from './avatar.tsx';
import { AlertIcon } from './icons.tsx';
import { VerifiedBadge } from './verified-badge.tsx';

export interface PersonProps {
  readonly member: Member;
  /** Shows what there is to know of this member. */
  readonly onOpen: () => void;
}

/** A member in the panel. Others open a sheet. */
export function Person({ member, onOpen }: PersonProps) {
  const { self, name, presence, verified, keyChanged } = member;
  const away = presence === 'away';
  const content = (
    <>
      <Avatar member={member} />
      <span class="person-name">{name}</span>
      {!self && verified && !keyChanged && <VerifiedBadge />}
      {!self && keyChanged && (
        <span class="person-changed">
          <AlertIcon />
          <span class="sr-only">{t.safety.changed}</span>
        </span>
      )}
      <span class="person-state">{self ? t.youSuffix : away ? t.people.away : ''}</span>
    </>
  );
  return (
    <li class={`person-row ${away ? 'person-away' : ''}`} data-testid="person">
      {self ? (
        <span class="person">{content}</span>
      ) : (
        <button type="button" class="person person-open" onClick={onOpen}>
          {content}
          <span class="sr-only">{t.safety.open}</span>
        </button>
      )}
    </li>
  );
}

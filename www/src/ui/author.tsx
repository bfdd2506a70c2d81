import type { Member } from 'hushroom/room';

import { t } from '../strings.ts';
import { VerifiedBadge } from './verified-badge.tsx';

export interface AuthorProps {
  /** As it was when this was said. */
  readonly from: Member;
  readonly members: readonly Member[];
  /** Whether this is the first of several in a row: over the others the name is only read out. */
  readonly first: boolean;
}

/** What is known of an author by now, or was when it left. */
export const authorNow = (from: Member, members: readonly Member[]): Member =>
  members.find(({ id }) => id === from.id) ?? from;

/** Whose message or file it is, and whether that device is verified. */
export function Author({ from, members, first }: AuthorProps) {
  const { self, name } = from;
  const { verified, keyChanged } = authorNow(from, members);
  return (
    <p class={first && !self ? 'author' : 'sr-only'}>
      {self ? t.you : name}
      {!self && verified && !keyChanged && <VerifiedBadge />}
    </p>
  );
}

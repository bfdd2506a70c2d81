import type { Verification } from 'hushroom/room';

import { t } from '../strings.ts';
import { AlertIcon, ForgedIcon, SignedIcon, UncheckedIcon, UnsignedIcon } from './icons.tsx';

export const MARK_ICONS = {
  verified: SignedIcon,
  unknown: UncheckedIcon,
  unsigned: UnsignedIcon,
  failed: ForgedIcon,
  'key-changed': AlertIcon,
} as const satisfies Record<Verification, unknown>;

/** Whether a message is signed by whom it names, as a small mark. What is as it should be needs no words on screen. */
export function VerificationMark({ verification }: { readonly verification: Verification }) {
  const [word, meaning] = t.marks[verification];
  const MarkIcon = MARK_ICONS[verification];
  return (
    <span class={`mark-of mark-${verification}`} title={meaning} data-testid="verification" data-state={verification}>
      <MarkIcon />
      <span class={verification === 'verified' ? 'sr-only' : ''}>{word}</span>
    </span>
  );
}

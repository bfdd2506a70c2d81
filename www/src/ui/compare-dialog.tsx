import type { Comparison } from 'hushroom/room';

import { isOver } from '../room/trust.ts';
import { t } from '../strings.ts';
import { Dialog } from './dialog.tsx';
import { CheckIcon, SignedIcon } from './icons.tsx';

export interface CompareDialogProps {
  readonly comparison: Comparison;
  readonly onAgain: () => void;
  /** Gives up, or puts away what is over. */
  readonly onDrop: () => void;
  /** The comparison goes on behind a line in the room. */
  readonly onHide: () => void;
}

/** A live comparison, from asking to its end. */
export function CompareDialog({ comparison, onAgain, onDrop, onHide }: CompareDialogProps) {
  const { member, state, reason = 'cancelled' } = comparison;
  const over = isOver(comparison);
  return (
    <Dialog title={t.compare.title(member.name)} onClose={over ? onDrop : onHide}>
      <div class="compare" data-testid="compare" data-state={state}>
        {state === 'requested' && <p class="lead">{t.compare.asks(member.name)}</p>}
        {state === 'waiting' && <p class="lead">{t.compare.waiting(member.name)}</p>}
        {state === 'pictures' && <p class="lead">{t.compare.ready(member.name)}</p>}
        {state === 'confirmed' && <p class="lead">{t.compare.confirmed(member.name)}</p>}
        {!over && <Pictures comparison={comparison} />}
        {state === 'verified' && (
          <p class="compare-good" role="status">
            <SignedIcon />
            {t.compare.verified(member.name)}
          </p>
        )}
        {state === 'failed' && (
          <p class={SUSPICIOUS.has(reason) ? 'problem' : 'lead'} role="status">
            {t.compare.failed[reason]}
          </p>
        )}
        <div class="button-row">
          {state === 'requested' && (
            <button type="button" class="button button-primary" onClick={() => comparison.accept()}>
              {t.compare.accept}
            </button>
          )}
          {state === 'pictures' && (
            <>
              <button
                type="button"
                class="button button-primary button-wide"
                data-testid="they-match"
                onClick={() => comparison.confirm(true)}
              >
                <CheckIcon />
                {t.compare.match}
              </button>
              <button
                type="button"
                class="button button-wide"
                data-testid="they-differ"
                onClick={() => comparison.confirm(false)}
              >
                {t.compare.differ}
              </button>
            </>
          )}
          {state === 'failed' && reason !== 'left' && (
            <button type="button" class="button" onClick={onAgain}>
              {t.compare.again}
            </button>
          )}
          <button type="button" class="button" data-testid="compare-drop" onClick={onDrop}>
            {over ? t.compare.done : t.compare.cancel}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

/** Ends that may mean that somebody stands between. */
const SUSPICIOUS: ReadonlySet<string> = new Set(['mismatch', 'commitment', 'code']);

function Pictures({ comparison: { pictures, decimals } }: { readonly comparison: Comparison }) {
  if (pictures === undefined) return null;
  return (
    <>
      <ol class="pictures" aria-label={t.compare.pictures} data-testid="pictures">
        {pictures.map(({ emoji, name }, index) => (
          <li key={index}>
            <span class="picture-emoji" aria-hidden="true">
              {emoji}
            </span>
            <span class="picture-name">{name}</span>
          </li>
        ))}
      </ol>
      {decimals !== undefined && (
        <p class="pictures-numbers">
          {t.compare.numbers} <span data-testid="decimals">{decimals.join(' ')}</span>
        </p>
      )}
    </>
  );
}

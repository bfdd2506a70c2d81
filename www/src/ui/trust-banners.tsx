import type { Comparison, Member } from 'hushroom/room';

import { t } from '../strings.ts';
import { isOver } from '../room/trust.ts';
import type { Trust } from '../room/trust.ts';
import { AlertIcon } from './icons.tsx';

export interface TrustBannersProps {
  readonly trust: Trust;
  readonly members: readonly Member[];
  readonly comparisons: readonly Comparison[];
  /** Whose comparison is on screen already. */
  readonly shown: string | undefined;
  /** Shows the comparison with a member. */
  readonly onShow: (memberId: string) => void;
  /** Shows the sheet of a member. */
  readonly onMember: (memberId: string) => void;
}

/** Warnings at once: of more, only how many. */
const MOST_WARNINGS = 2;

/** Lines above the composer: keys that have changed, and comparisons that somebody asks for. They never take the focus. */
export function TrustBanners({ trust, members, comparisons, shown, onShow, onMember }: TrustBannersProps) {
  const changed = members.filter(({ self, keyChanged }) => !self && keyChanged);
  return (
    <>
      <div role="alert">
        {changed.slice(0, MOST_WARNINGS).map((member) => (
          <div key={member.id} class="banner banner-tall" data-testid="key-changed">
            <AlertIcon />
            <div class="banner-text">
              <strong>{t.keyChange.title(member.name)}</strong>
              <p>{t.keyChange.means(member.name)}</p>
              <div class="button-row">
                <button type="button" class="button button-small" onClick={() => onMember(member.id)}>
                  {t.keyChange.compare}
                </button>
                <button type="button" class="button button-small" onClick={() => void trust.acceptKey(member.id)}>
                  {t.keyChange.accept}
                </button>
              </div>
            </div>
          </div>
        ))}
        {changed.length > MOST_WARNINGS && <p class="banner">{t.keyChange.many(changed.length - MOST_WARNINGS)}</p>}
      </div>
      {comparisons
        .filter((comparison) => comparison.member.id !== shown && !isOver(comparison))
        .map((comparison) => (
          <ComparisonBanner key={comparison.member.id} {...{ trust, comparison, onShow }} />
        ))}
    </>
  );
}

interface ComparisonBannerProps extends Pick<TrustBannersProps, 'trust' | 'onShow'> {
  readonly comparison: Comparison;
}

function ComparisonBanner({ trust, comparison, onShow }: ComparisonBannerProps) {
  const { id, name } = comparison.member;
  const asked = comparison.state === 'requested';
  const running = comparison.state === 'pictures' ? t.compare.underWayReady(name) : t.compare.underWay(name);
  const show = () => {
    if (asked) comparison.accept();
    onShow(id);
  };
  return (
    <div class="banner banner-calm" data-testid="compare-banner">
      <p>{asked ? t.compare.asks(name) : running}</p>
      <span class="banner-buttons">
        <button type="button" class="button button-small button-primary" data-testid="compare-show" onClick={show}>
          {asked ? t.compare.accept : t.compare.show}
        </button>
        <button type="button" class="button button-small" onClick={() => trust.drop(id)}>
          {asked ? t.compare.decline : t.compare.cancel}
        </button>
      </span>
    </div>
  );
}

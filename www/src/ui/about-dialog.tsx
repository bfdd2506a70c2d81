import type { Protocol, RoomSnapshot } from 'hushroom/room';
import type { ComponentChildren } from 'preact';

import { formatMoment, formatSpan } from '../lib/format.ts';
import { t } from '../strings.ts';
import { DeviceSection } from './device-section.tsx';
import { Dialog } from './dialog.tsx';
import { MARK_ICONS } from './verification.tsx';

export interface AboutDialogProps {
  readonly protocol: Protocol;
  readonly snapshot: RoomSnapshot;
  readonly forTwo: boolean;
  readonly onClose: () => void;
}

const MARKS = ['verified', 'unknown', 'unsigned', 'failed', 'key-changed'] as const;

/** What kind of room this is, what it promises and what it does not. */
export function AboutDialog({ protocol, snapshot, forTwo, onClose }: AboutDialogProps) {
  const { ephemeralSeconds, expiresAt, hasPassword } = snapshot;
  return (
    <Dialog title={t.about.title} onClose={onClose}>
      <div class="about" data-testid="about-dialog">
        <Fact title={t.about.kind[protocol]}>
          {t.about.means[protocol].map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </Fact>
        {forTwo && (
          <Fact title={t.two.about}>
            <p>{t.two.aboutMeans}</p>
          </Fact>
        )}
        <Fact title={t.about.vanish}>
          <p>{ephemeralSeconds > 0 ? t.about.vanishOn(formatSpan(ephemeralSeconds)) : t.about.vanishOff}</p>
        </Fact>
        <Fact title={t.about.ends}>
          <p>{expiresAt > 0 ? t.about.endsAt(formatMoment(expiresAt * 1000)) : t.about.endsNever}</p>
        </Fact>
        <Fact title={t.device.title}>
          <DeviceSection />
        </Fact>
        {protocol === 'arthas' && (
          <>
            <Fact title={t.about.password}>
              <p>{hasPassword ? t.about.passwordOn : t.about.passwordOff}</p>
            </Fact>
            <Fact title={t.about.marks}>
              <dl class="legend">
                {MARKS.map((mark) => (
                  <Legend key={mark} mark={mark} />
                ))}
              </dl>
            </Fact>
          </>
        )}
      </div>
    </Dialog>
  );
}

function Fact({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Legend({ mark }: { readonly mark: (typeof MARKS)[number] }) {
  const [word, meaning] = t.marks[mark];
  const MarkIcon = MARK_ICONS[mark];
  return (
    <div>
      <dt class={`mark-of mark-${mark}`}>
        <MarkIcon />
        {word}
      </dt>
      <dd>{meaning}</dd>
    </div>
  );
}

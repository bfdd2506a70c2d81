import type { Member, SafetyNumber } from 'hushroom/room';
import { useMemo, useState } from 'preact/hooks';

import { announce } from '../lib/announce.ts';
import { explain } from '../lib/errors.ts';
import { shortKey } from '../device/device.ts';
import { canScan } from '../room/scan.ts';
import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';
import { Avatar } from './avatar.tsx';
import { Dialog } from './dialog.tsx';
import { Digits } from './digits.tsx';
import { CameraIcon, CheckIcon } from './icons.tsx';
import { Qr } from './qr.tsx';
import { ScanView } from './scan-view.tsx';
import { VerifiedBadge } from './verified-badge.tsx';

export interface MemberSheetProps {
  readonly session: Session;
  readonly member: Member;
  /** To compare pictures. */
  readonly onCompare: () => void;
  readonly onClose: () => void;
}

/** What can be done to be sure of a member. */
export function MemberSheet({ session, member, onCompare, onClose }: MemberSheetProps) {
  const { room } = session;
  const { id, name, deviceKey, verified, keyChanged } = member;
  // 5,200 rounds of a hash: once for each key, not for each rendering.
  const number = useMemo(() => (deviceKey === '' ? undefined : room.safetyNumber(id)), [room, id, deviceKey]);
  const run = async (work: Promise<void>, said: string) => {
    try {
      await work;
      announce(said);
    } catch (error) {
      session.notify(explain(error));
    }
  };
  return (
    <Dialog title={name} onClose={onClose}>
      <div class="member" data-testid="member-sheet">
        <p class="member-state" data-testid="member-state">
          <Avatar member={member} />
          <span class="member-facts">
            <span class={keyChanged ? 'member-changed' : ''}>
              {keyChanged ? t.marks['key-changed'][0] : verified ? t.safety.verified : t.safety.notVerified}
              {verified && !keyChanged && <VerifiedBadge />}
            </span>
            {deviceKey !== '' && <span class="known-facts">{t.device.keyOf(shortKey(deviceKey))}</span>}
          </span>
        </p>
        {keyChanged && (
          <div class="member-warning">
            <p>{t.keyChange.means(name)}</p>
            <button
              type="button"
              class="button button-small"
              onClick={() => void run(room.acknowledgeKey(id), t.keyChange.accepted(name))}
            >
              {t.keyChange.accept}
            </button>
          </div>
        )}
        {number === undefined ? (
          <p class="hint">{t.safety.noKey(name)}</p>
        ) : (
          <NumberView name={name} number={number}>
            {verified ? (
              <button
                type="button"
                class="button"
                data-testid="unverify"
                onClick={() => void run(room.verify(id, false), t.safety.unmarked(name))}
              >
                {t.safety.unmark}
              </button>
            ) : (
              <button
                type="button"
                class="button button-primary"
                data-testid="verify"
                onClick={() => void run(room.verify(id), t.safety.marked(name))}
              >
                <CheckIcon />
                {t.safety.mark}
              </button>
            )}
          </NumberView>
        )}
        {room.protocol === 'hush1' && (
          <section class="member-part" aria-labelledby="compare-heading">
            <h3 id="compare-heading">{t.compare.heading}</h3>
            <p class="hint">{t.compare.lead}</p>
            <div class="button-row">
              <button type="button" class="button" data-testid="compare-start" onClick={onCompare}>
                {t.compare.start}
              </button>
            </div>
          </section>
        )}
      </div>
    </Dialog>
  );
}

interface NumberViewProps {
  readonly name: string;
  readonly number: SafetyNumber;
  /** The button that marks, or takes the mark away. */
  readonly children: preact.ComponentChild;
}

function NumberView({ name, number, children }: NumberViewProps) {
  const [scanning, setScanning] = useState(false);
  return (
    <section class="member-part" aria-labelledby="number-title">
      <h3 id="number-title">{t.safety.title}</h3>
      <p class="hint">{t.safety.lead(name)}</p>
      <Digits digits={number.digits} label={t.safety.grid} />
      {scanning ? <ScanView name={name} number={number} /> : <Qr content={number.scannable} label={t.safety.qr} />}
      <div class="button-row">
        {children}
        {canScan() && (
          <button type="button" class="button" data-testid="scan" onClick={() => setScanning(!scanning)}>
            <CameraIcon />
            {scanning ? t.scan.stop : t.scan.open}
          </button>
        )}
      </div>
    </section>
  );
}

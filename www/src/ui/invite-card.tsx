import { useRef, useState } from 'preact/hooks';

import { announce } from '../lib/announce.ts';
import { t } from '../strings.ts';
import { CheckIcon, CopyIcon, ShareIcon } from './icons.tsx';
import { Qr } from './qr.tsx';

/** How long a button says that it has copied. */
const COPIED_MS = 2500;

export interface InviteProps {
  readonly link: string;
  readonly code: string;
  /** Whether the link lets one person in, and nobody after. */
  readonly once?: boolean;
  /** Whether the first button has the focus once shown. */
  readonly focus?: boolean;
}

/** The link of a room, to copy, share or scan. */
export function InviteCard({ link, code, once = false, focus = false }: InviteProps) {
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState<'link' | 'code'>();
  const [failed, setFailed] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const copy = async (what: 'link' | 'code') => {
    try {
      await navigator.clipboard.writeText(what === 'link' ? link : code);
    } catch {
      setFailed(true);
      field.current?.select();
      return;
    }
    setFailed(false);
    setCopied(what);
    announce(t.invite.copied);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setCopied(undefined), COPIED_MS);
  };
  const share = () => {
    // Closing the share sheet is not an error.
    navigator.share({ title: t.invite.shareTitle, url: link }).catch(() => undefined);
  };

  return (
    <div class="invite">
      <Qr content={link} label={once ? t.two.qr : t.invite.qr} />
      <input
        ref={field}
        class="field field-mono"
        readOnly
        aria-label={t.invite.link}
        value={link}
        data-testid="room-link"
        onFocus={(event) => event.currentTarget.select()}
      />
      <div class="button-row">
        <button
          type="button"
          class="button button-primary"
          data-testid="copy-link"
          autoFocus={focus}
          onClick={() => void copy('link')}
        >
          {copied === 'link' ? <CheckIcon /> : <CopyIcon />}
          {copied === 'link' ? t.invite.copied : t.invite.copyLink}
        </button>
        <button type="button" class="button" data-testid="copy-code" onClick={() => void copy('code')}>
          {copied === 'code' ? <CheckIcon /> : <CopyIcon />}
          {copied === 'code' ? t.invite.copied : t.invite.copyCode}
        </button>
        {'share' in navigator && (
          <button type="button" class="button" onClick={share}>
            <ShareIcon />
            {t.invite.share}
          </button>
        )}
      </div>
      {failed && (
        <p class="hint" role="status">
          {t.invite.copyFailed}
        </p>
      )}
    </div>
  );
}

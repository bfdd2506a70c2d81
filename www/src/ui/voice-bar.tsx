import { useEffect, useRef } from 'preact/hooks';

import { announce } from '../lib/announce.ts';
import { formatClock } from '../lib/format.ts';
import { useStore } from '../lib/store.ts';
import { t } from '../strings.ts';
import { LONGEST_SECONDS } from '../voice/clip.ts';
import type { Recording } from '../voice/recorder.ts';
import { endOf } from '../voice/use-recording.ts';
import type { RecordingControl } from '../voice/use-recording.ts';
import { BinIcon, SendIcon } from './icons.tsx';

export interface VoiceBarProps {
  readonly recording: Recording;
  readonly full: boolean;
  /** Whether the button is held down: letting go sends. */
  readonly held: boolean;
  readonly control: RecordingControl;
}

const ALMOST_FULL_SECONDS = LONGEST_SECONDS - 10;

/** What stands in the composer's place while one speaks. */
export function VoiceBar({ recording, full, held, control }: VoiceBarProps) {
  const send = useRef<HTMLButtonElement>(null);
  const seconds = useStore(recording.seconds);
  const almostFull = seconds >= ALMOST_FULL_SECONDS && !full;
  useEffect(() => send.current?.focus(), []);
  useEffect(() => {
    if (almostFull) announce(t.voice.almostFull);
  }, [almostFull]);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      // In a dialog it closes that.
      if (event.key !== 'Escape' || document.querySelector('dialog[open]') !== null) return;
      event.preventDefault();
      control.discard();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [control]);
  return (
    <div class="composer-line voice-bar" role="group" aria-label={t.voice.recording} data-testid="voice-bar">
      <button
        type="button"
        class="icon-button"
        aria-label={t.voice.discard}
        title={t.voice.discard}
        data-testid="voice-discard"
        onClick={control.discard}
      >
        <BinIcon />
      </button>
      <span class={`voice-dot ${full ? 'voice-dot-full' : ''}`} aria-hidden="true" />
      <p class={`voice-time ${almostFull || full ? 'voice-time-late' : ''}`} data-testid="voice-time">
        <span role="timer">{formatClock(seconds)}</span>{' '}
        <span class="voice-most">{t.voice.atMost(formatClock(LONGEST_SECONDS))}</span>
      </p>
      {full ? <p class="voice-hint">{endOf(recording)}</p> : <Levels recording={recording} />}
      {held && !full && <p class="voice-hint">{t.voice.hold}</p>}
      <button
        ref={send}
        type="button"
        class="send-button"
        aria-label={t.voice.send}
        title={t.voice.send}
        data-testid="voice-send"
        onClick={control.send}
      >
        <SendIcon />
      </button>
    </div>
  );
}

/** That one is heard, as bars. */
function Levels({ recording }: { readonly recording: Recording }) {
  const levels = useStore(recording.levels);
  return (
    <span class="voice-levels" aria-hidden="true" data-testid="voice-levels">
      {levels.map((level, index) => (
        <i key={index} style={{ height: `${Math.round(8 + 92 * level)}%` }} />
      ))}
    </span>
  );
}

import { useEffect, useRef, useState } from 'preact/hooks';

import { formatClock } from '../lib/format.ts';
import { t } from '../strings.ts';
import { PauseIcon, PlayIcon } from './icons.tsx';

export interface VoicePlayerProps {
  /** Where the sound is. */
  readonly address: string;
  /** The length its sender gave, until the sound itself says. */
  readonly seconds: number;
  /** Whose it is, for the labels. */
  readonly from: string;
  /** It cannot be played: what claims to be sound need not be. */
  readonly onBroken: () => void;
}

/** The one that plays: of two voices nobody understands either. */
let playing: HTMLAudioElement | undefined;

/**
 * Plays a voice message, when asked to. The browser's own controls would do, but browsers write recordings without their
 * length in front, and then show none. No waveform: drawing one means decoding all of it first, and a small file of
 * somebody else's may hold hours.
 */
export function VoicePlayer({ address, seconds, from, onBroken }: VoicePlayerProps) {
  const audio = useRef<HTMLAudioElement>(null);
  // Looked for by going to the end of what has no length in front.
  const measuring = useRef(false);
  const [length, setLength] = useState(seconds);
  const [at, setAt] = useState(0);
  const [active, setActive] = useState(false);
  useEffect(
    () => () => {
      if (playing === audio.current) playing = undefined;
    },
    [],
  );

  const measure = () => {
    const element = audio.current;
    if (element === null) return;
    if (Number.isFinite(element.duration)) {
      setLength(element.duration);
      if (measuring.current) element.currentTime = 0;
      measuring.current = false;
    } else if (!measuring.current) {
      element.currentTime = Number.MAX_SAFE_INTEGER;
      // Firefox does not go where it does not know of: it learns the length by playing, and shows how far it has got.
      measuring.current = element.seeking;
    }
  };
  const toggle = () => {
    const element = audio.current;
    if (element === null) return;
    if (!element.paused) {
      element.pause();
      return;
    }
    if (playing !== element) playing?.pause();
    playing = element;
    element.play().catch((error: unknown) => {
      // Paused again before it began is no failure.
      if (!(error instanceof DOMException && error.name === 'AbortError')) onBroken();
    });
  };
  const seek = (to: number) => {
    if (audio.current !== null) audio.current.currentTime = to;
    setAt(to);
  };
  // At rest it says how long it is, and in between how far it has got.
  const shown = active || at > 0 ? at : length;
  return (
    // The conversation is a live region: the position would be read out as it plays.
    <div class="player" aria-live="off" data-testid="player" data-playing={active}>
      <audio
        ref={audio}
        src={address}
        preload="metadata"
        onLoadedMetadata={measure}
        onDurationChange={measure}
        onPlay={() => setActive(true)}
        onPause={() => setActive(false)}
        onEnded={() => seek(0)}
        onTimeUpdate={({ currentTarget }) => !measuring.current && setAt(currentTarget.currentTime)}
        onError={onBroken}
      />
      <button
        type="button"
        class="play-button"
        aria-label={active ? t.voice.pause : t.voice.play(from)}
        title={active ? t.voice.pause : t.voice.play(from)}
        data-testid="play"
        onClick={toggle}
      >
        {active ? <PauseIcon /> : <PlayIcon />}
      </button>
      <input
        class="player-track"
        type="range"
        min={0}
        max={length}
        step={0.1}
        value={at}
        aria-label={t.voice.position}
        aria-valuetext={t.voice.positionText(formatClock(at), formatClock(Math.round(length)))}
        style={{ '--played': `${length > 0 ? Math.min(100, (at / length) * 100) : 0}%` }}
        onInput={(event) => seek(Number(event.currentTarget.value))}
        // The conversation would walk its rows with these.
        onKeyDown={(event) => event.stopPropagation()}
      />
      <span class="player-time" data-testid="player-time">
        {formatClock(active || at > 0 ? shown : Math.round(shown))}
      </span>
    </div>
  );
}

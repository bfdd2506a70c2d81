import { useEffect, useRef, useState } from 'preact/hooks';

import { announce } from '../lib/announce.ts';
import { t } from '../strings.ts';
import { LONGEST_SECONDS, SHORTEST_SECONDS } from './clip.ts';
import type { Clip } from './clip.ts';
import { canRecord, problemOf, record } from './recorder.ts';
import type { Recording } from './recorder.ts';

/** Held longer than this, the button is being held, and letting go sends. */
const HOLD_MS = 400;

/** `asking`: for the microphone. `full`: it has ended by itself and waits to be sent or discarded. */
export type RecordingState =
  | { readonly phase: 'idle' | 'asking' }
  | { readonly phase: 'recording' | 'full'; readonly recording: Recording; readonly held: boolean };

export interface RecordingControl {
  readonly state: RecordingState;
  /** Starts with a press that may be held. */
  press(): void;
  /** Starts without holding. Does nothing once started. */
  start(): void;
  send(): void;
  discard(): void;
}

export interface RecordingEvents {
  onClip(clip: Clip): void;
  onTooShort(): void;
  /** Nothing can be recorded; a sentence that says why. */
  onProblem(problem: string): void;
}

/** Why a recording has ended by itself, and what now. */
export const endOf = ({ seconds }: Recording): string =>
  seconds.get() < LONGEST_SECONDS ? t.voice.ended : t.voice.full;

/** Records one voice message at a time. Ends with the component, unsent. */
export function useRecording(events: RecordingEvents): RecordingControl {
  const [state, setState] = useState<RecordingState>({ phase: 'idle' });
  const latest = useRef(events);
  latest.current = events;
  // What is going on now, for listeners made in earlier renderings.
  const attempt = useRef<AbortController>(undefined);
  const current = useRef<Recording>(undefined);
  const held = useRef(false);

  const idle = () => {
    attempt.current?.abort();
    attempt.current = undefined;
    current.current = undefined;
    held.current = false;
    setState({ phase: 'idle' });
  };

  const begin = async () => {
    if (attempt.current !== undefined) return;
    if (!canRecord()) {
      latest.current.onProblem(t.voice.unsupported);
      return;
    }
    const own = new AbortController();
    attempt.current = own;
    setState({ phase: 'asking' });
    try {
      const recording = await record(own.signal);
      if (attempt.current !== own) {
        recording.cancel();
        return;
      }
      current.current = recording;
      setState({ phase: 'recording', recording, held: held.current });
      announce(t.voice.started);
      void recording.full.then(() => {
        if (current.current !== recording) return;
        setState({ phase: 'full', recording, held: held.current });
        announce(endOf(recording));
      });
    } catch (error) {
      if (attempt.current !== own) return;
      idle();
      latest.current.onProblem(t.voice[problemOf(error)]);
    }
  };

  const send = async () => {
    const recording = current.current;
    if (recording === undefined) return;
    idle();
    try {
      const clip = await recording.stop();
      if (clip.seconds < SHORTEST_SECONDS) latest.current.onTooShort();
      else latest.current.onClip(clip);
    } catch {
      latest.current.onProblem(t.voice.failed);
    }
  };
  const discard = () => {
    const recording = current.current;
    if (recording !== undefined) announce(t.voice.discarded);
    idle();
    recording?.cancel();
  };

  const press = () => {
    if (attempt.current !== undefined) return;
    const since = performance.now();
    held.current = true;
    const over = new AbortController();
    const letGo = () => {
      over.abort();
      held.current = false;
      // Letting go of the browser's question, or at once, is no sending: from here on it goes on by itself.
      if (current.current !== undefined && performance.now() - since >= HOLD_MS) void send();
      else setState((now) => ('held' in now ? { ...now, held: false } : now));
    };
    // At the window: the button goes away while it is held.
    addEventListener('pointerup', letGo, { signal: over.signal });
    addEventListener('pointercancel', letGo, { signal: over.signal });
    void begin();
  };

  useEffect(
    () => () => {
      attempt.current?.abort();
      attempt.current = undefined;
      current.current?.cancel();
    },
    [],
  );
  return { state, press, start: () => void begin(), send: () => void send(), discard };
}

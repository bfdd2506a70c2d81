import { createStore } from '../lib/store.ts';
import type { Readable } from '../lib/store.ts';
import { LONGEST_SECONDS, makeClip, recordedType } from './clip.ts';
import type { Clip } from './clip.ts';

/** Enough for speech. */
const BITS_PER_SECOND = 32_000;
const METER_MS = 80;
/** Levels kept for the picture of them. */
export const METER_LENGTH = 32;
const SILENCE: readonly number[] = new Array<number>(METER_LENGTH).fill(0);

/** Why nothing is recorded. */
export type RecordingProblem = 'denied' | 'missing' | 'inUse' | 'unsupported' | 'failed';

/** A recording under way. Ends with {@link Recording.stop} or {@link Recording.cancel}; either frees the microphone. */
export interface Recording {
  /** How long it is by now, in seconds. */
  readonly seconds: Readable<number>;
  /** The last levels, each 0 to 1, the newest last. */
  readonly levels: Readable<readonly number[]>;
  /** Resolves once the recording has ended by itself: at its longest, or with the microphone gone. */
  readonly full: Promise<void>;
  /** @throws when the browser's recorder failed. */
  stop(): Promise<Clip>;
  cancel(): void;
}

/** Why the browser refused to record, in our words. */
export function problemOf(error: unknown): RecordingProblem {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  return name === 'NotReadableError' || name === 'AbortError' ? 'inUse' : 'failed';
}

/** Whether this browser, on this page, can record at all: not over plain http, for one. */
export const canRecord = (): boolean =>
  typeof MediaRecorder === 'function' && 'mediaDevices' in navigator && recordedType() !== undefined;

/**
 * Opens the microphone and records. The browser may ask the person first.
 *
 * @throws what `getUserMedia` throws; the signal's reason.
 */
export async function record(signal: AbortSignal): Promise<Recording> {
  const audio = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const stream = await navigator.mediaDevices.getUserMedia({ audio });
  const release = () => stream.getTracks().forEach((track) => track.stop());
  try {
    signal.throwIfAborted();
    return await start(stream, release);
  } catch (error) {
    release();
    throw error;
  }
}

async function start(stream: MediaStream, release: () => void): Promise<Recording> {
  const mimeType = recordedType();
  const recorder = new MediaRecorder(stream, {
    audioBitsPerSecond: BITS_PER_SECOND,
    ...(mimeType !== undefined && { mimeType }),
  });
  const parts: Blob[] = [];
  recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
  const stopped = new Promise<void>((resolve, reject) => {
    recorder.addEventListener('stop', () => resolve());
    recorder.addEventListener('error', () => reject(new Error('the recorder failed')));
  });
  // Whoever stops it is told; until then nobody is there to hear it.
  stopped.catch(() => undefined);

  const running = new Promise<void>((resolve) => recorder.addEventListener('start', () => resolve(), { once: true }));
  recorder.start();
  await Promise.race([running, stopped]);
  const startedAt = new Date();
  const from = performance.now();
  const seconds = createStore(0);
  const meter = createMeter(stream);

  const beat = setInterval(() => {
    seconds.set(elapsed());
    meter.read();
  }, METER_MS);
  const end = setTimeout(() => finish(), LONGEST_SECONDS * 1000);
  const finish = () => {
    if (recorder.state !== 'inactive') recorder.stop();
  };
  function elapsed(): number {
    return Math.min(LONGEST_SECONDS, (performance.now() - from) / 1000);
  }
  const full = stopped
    .catch(() => undefined)
    .then(() => {
      seconds.set(elapsed());
      clearInterval(beat);
      clearTimeout(end);
      meter.close();
      release();
    });

  return {
    seconds,
    levels: meter.levels,
    full,
    async stop() {
      finish();
      await stopped;
      await full;
      return makeClip(parts, recorder.mimeType, startedAt, seconds.get());
    },
    cancel() {
      finish();
      release();
    },
  };
}

interface Meter {
  readonly levels: Readable<readonly number[]>;
  read(): void;
  close(): void;
}

/** How loud it is. Only a hint that something is heard: without Web Audio there is none. */
function createMeter(stream: MediaStream): Meter {
  const levels = createStore(SILENCE);
  if (typeof AudioContext !== 'function') return { levels, read: () => undefined, close: () => undefined };
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return {
    levels,
    read() {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      // The root twice: ears hear loudness so, and quiet speech still moves the bars.
      levels.update((last) => [...last.slice(1), Math.min(1, 1.4 * Math.sqrt(Math.sqrt(power)))]);
    },
    close: () => void context.close().catch(() => undefined),
  };
}

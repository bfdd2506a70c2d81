/** What a voice message may be, as Arthas' clients have it too. */
export const SHORTEST_SECONDS = 0.5;
export const LONGEST_SECONDS = 60;

/** In this order: Opus in WebM where the browser writes it, in MP4 elsewhere, and else what MP4 it has. */
const RECORDED = ['audio/webm;codecs=opus', 'audio/mp4;codecs=opus', 'audio/mp4'] as const;

/** What browsers play, and what therefore may stand in a player. */
const PLAYED: ReadonlySet<string> = new Set([
  'audio/webm',
  'audio/ogg',
  'audio/mp4',
  'audio/mpeg',
  'audio/aac',
  'audio/wav',
  'audio/flac',
]);

/** A recorded voice message. */
export interface Clip {
  readonly file: File;
  /** Measured, not rounded. */
  readonly seconds: number;
}

/** The type without its parameters: `audio/webm` of `audio/webm;codecs=opus`. */
const bareType = (mime: string): string => (mime.split(';')[0] ?? '').trim().toLowerCase();

/** What this browser can record; `undefined` if nothing of it. */
export const recordedType = (): string | undefined => RECORDED.find((type) => MediaRecorder.isTypeSupported(type));

/** Whether a file is a voice message, by its sender's word, and of a type that is played here. */
export const isVoice = ({ mime, voiceSeconds }: { mime: string; voiceSeconds?: number }): boolean =>
  voiceSeconds !== undefined && PLAYED.has(bareType(mime));

/** `voice_20260131_090507.webm`: when it was recorded, by the clock on the wall. */
export function clipName(at: Date, mime: string): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const date = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  const time = `${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
  return `voice_${date}_${time}.${bareType(mime) === 'audio/webm' ? 'webm' : 'mp4'}`;
}

export function makeClip(parts: readonly Blob[], mime: string, startedAt: Date, seconds: number): Clip {
  return { file: new File([...parts], clipName(startedAt, mime), { type: bareType(mime) }), seconds };
}

import { isHushError } from '../errors.js';
import type { Message, Room } from '../room/types.js';
import { splitText } from './split.js';
import type { Answer, ReplyOptions } from './types.js';
import { pause, within } from './wait.js';

/** Most UTF-16 units of one message. Native rooms take 60,000 bytes of UTF-8, of which a unit has at most 3; Arthas' agents cut at 4,000. */
const MAX_LENGTH = { hush1: 20_000, arthas: 4_000 } as const;
const FLUSH_MS = 2_000;
/** A stream without a whole paragraph is sent by its lines after this many flush times, and by its sentences after twice that. */
const PATIENCE = 2.5;
const RATE_WAIT_MS = 1_000;
const RATE_ATTEMPTS = 60;

/** One message of ours is on its way at a time, so that the room's own queue never overflows however many handlers answer. */
const turns = new WeakMap<Room, Promise<unknown>>();

/**
 * Says something in a room, in as many messages as it takes; gives those.
 *
 * A string is split where the protocol needs it. A stream is collected and sent by paragraphs, since neither protocol can edit what
 * was said; while it pauses, what is there is sent.
 *
 * @param replyTo - The id of a message that the first part answers.
 * @throws As `room.send`; `RATE_LIMITED` when the relay refuses for a minute; the signal's reason; what the stream throws.
 */
export async function say(room: Room, answer: Answer, options: ReplyOptions = {}, replyTo?: string): Promise<readonly Message[]> {
  const limit = MAX_LENGTH[room.protocol];
  const max = Math.min(options.maxLength ?? limit, limit);
  const sent: Message[] = [];
  const send = async (text: string) => {
    for (const part of splitText(text, max)) {
      const target = sent.length === 0 ? replyTo : undefined;
      sent.push(await takeTurn(room, () => sendOne(room, part, target, options.signal)));
    }
  };
  if (typeof answer === 'string') await send(answer);
  else await sayStream(answer, send, max, options.flushMs ?? FLUSH_MS, options.signal);
  return sent;
}

async function sayStream(answer: AsyncIterable<string>, send: (text: string) => Promise<void>, max: number, flushMs: number, signal?: AbortSignal) {
  const iterator = answer[Symbol.asyncIterator]();
  let text = '';
  let since = 0;
  let ended = false;
  let next: Promise<IteratorResult<string>> | undefined;
  try {
    while (!ended) {
      signal?.throwIfAborted();
      next ??= iterator.next();
      const result = await within(next, text === '' ? Infinity : flushMs, signal);
      if (result !== undefined) {
        next = undefined;
        ended = result.done === true;
        if (!ended && result.value !== '') {
          if (text === '') since = performance.now();
          text += String(result.value);
        }
      }
      const end = ended ? text.length : readyPart(text, performance.now() - since, flushMs, max);
      if (end === 0) continue;
      await send(text.slice(0, end));
      text = text.slice(end);
      since = performance.now();
    }
  } finally {
    // Not awaited: a stream that hangs in `next` would hang here as well.
    if (!ended) void Promise.resolve(iterator.return?.()).catch(() => undefined);
    next?.catch(() => undefined);
  }
}

/** How much of the collected text is to be sent by now. */
function readyPart(text: string, waitedMs: number, flushMs: number, max: number): number {
  if (text.length >= max) return Math.max(lastEnd(text, /\n[^\S\n]*\n/g), lastEnd(text, /\n/g), lastEnd(text, /\s/g)) || text.length;
  if (waitedMs < flushMs) return 0;
  const paragraph = lastEnd(text, /\n[^\S\n]*\n/g);
  if (paragraph > 0 || waitedMs < flushMs * PATIENCE) return paragraph;
  const line = lastEnd(text, /\n/g);
  if (line > 0 || waitedMs < flushMs * PATIENCE * 2) return line;
  return lastEnd(text, /[.!?…]['")\]]*\s|[。！？]/g);
}

function lastEnd(text: string, boundary: RegExp): number {
  let end = 0;
  for (const match of text.matchAll(boundary)) end = match.index + match[0].length;
  return text.slice(0, end).trim() === '' ? 0 : end;
}

function takeTurn<T>(room: Room, action: () => Promise<T>): Promise<T> {
  const before = turns.get(room) ?? Promise.resolve();
  const mine = before.then(action, action);
  turns.set(room, mine.catch(() => undefined));
  return mine;
}

async function sendOne(room: Room, text: string, replyTo: string | undefined, signal?: AbortSignal): Promise<Message> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await room.send(text, { ...(replyTo !== undefined && { replyTo }), ...(signal !== undefined && { signal }) });
    } catch (error) {
      if (!isHushError(error) || error.code !== 'RATE_LIMITED' || attempt === RATE_ATTEMPTS) throw error;
      await pause(RATE_WAIT_MS, signal);
    }
  }
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { say, splitText } from '../../js/agent/index.js';
import { isMentioned, withoutMention } from '../../js/agent/mention.js';
import { hushError } from '../../js/errors.js';
import type { Message, Protocol, Room } from '../../js/room/index.js';

const whole = fc.string({ unit: 'grapheme', maxLength: 400 });

/** Whether there is no half of a code point in it. */
const isWellFormed = (text: string) => Buffer.from(text).toString() === text;

describe('splitText', () => {
  it('keeps every character that is not white space, in order and within the limit', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(whole, fc.constantFrom(' ', '\n', '\n\n', '\t'))), fc.integer({ min: 16, max: 300 }), (pieces, max) => {
        const text = pieces.join('');
        const parts = splitText(text, max);
        expect(parts.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
        for (const part of parts) {
          expect(part.length).toBeLessThanOrEqual(max);
          expect(part.trim()).not.toBe('');
          expect(isWellFormed(part)).toBe(true);
        }
      }),
    );
  });

  it('prefers a blank line, then a line, then a space', () => {
    expect(splitText(`${'a'.repeat(60)}\n\n${'b'.repeat(20)} c\nd ${'e'.repeat(40)}`, 100)).toEqual(['a'.repeat(60), `${'b'.repeat(20)} c\nd ${'e'.repeat(40)}`]);
    expect(splitText(`${'a'.repeat(60)}\n  ${'b'.repeat(20)} ${'c'.repeat(40)}`, 100)).toEqual(['a'.repeat(60), `  ${'b'.repeat(20)} ${'c'.repeat(40)}`]);
    expect(splitText(`${'a'.repeat(60)} ${'b'.repeat(60)}`, 100)).toEqual(['a'.repeat(60), 'b'.repeat(60)]);
    // A boundary in the first half would waste a message.
    expect(splitText(`a\n\n${'b'.repeat(120)}`, 100)).toEqual([`a\n\n${'b'.repeat(97)}`, 'b'.repeat(23)]);
  });

  it('never cuts a visible character', () => {
    const scientist = '\u{1f469}\u200d\u{1f52c}';
    for (const max of [16, 17, 18, 19, 20]) expect(splitText(scientist.repeat(40), max).every((part) => part.length % scientist.length === 0)).toBe(true);
    // One that is longer than a message is cut after all, though not inside a code point.
    const tower = `a${'\u{1d165}'.repeat(200)}`;
    expect(splitText(tower, 31).join('')).toBe(tower);
    expect(splitText(tower, 31).every(isWellFormed)).toBe(true);
  });

  it('has nothing to say for nothing, and refuses limits that are none', () => {
    expect(splitText('', 16)).toEqual([]);
    expect(splitText(' \n \n', 16)).toEqual([]);
    expect(splitText('x'.repeat(16), 16)).toEqual(['x'.repeat(16)]);
    for (const max of [0, 15, 16.5, NaN]) expect(() => splitText('x', max)).toThrow(RangeError);
  });
});

/** A room that takes what is said to it. */
function fakeRoom(protocol: Protocol = 'hush1', send = (text: string): Promise<void> => Promise.resolve(void text)) {
  const texts: string[] = [];
  const replies: (string | undefined)[] = [];
  const waiting: [count: number, wake: () => void][] = [];
  const room = {
    protocol,
    async send(text: string, options: { replyTo?: string } = {}) {
      await send(text);
      texts.push(text);
      replies.push(options.replyTo);
      for (const [count, wake] of waiting) if (texts.length >= count) wake();
      return { id: String(texts.length), text } as Message;
    },
  };
  /** Resolves once so many messages were sent. */
  const said = (count: number) => new Promise<void>((resolve) => (texts.length >= count ? resolve() : waiting.push([count, resolve])));
  return { room: room as unknown as Room, texts, replies, said };
}

describe('say', () => {
  it('splits at the limits of the protocol, and only the first part is a reply', async () => {
    const native = fakeRoom('hush1');
    await say(native.room, 'x'.repeat(50_000), {}, 'question');
    expect(native.texts.map((text) => text.length)).toEqual([20_000, 20_000, 10_000]);
    expect(native.replies).toEqual(['question', undefined, undefined]);
    // The longest that a part can become still fits into what a room takes.
    const wide = fakeRoom('hush1');
    await say(wide.room, '€'.repeat(20_000));
    expect(Buffer.byteLength(wide.texts[0] ?? '')).toBe(60_000);
    const arthas = fakeRoom('arthas');
    await say(arthas.room, 'x'.repeat(9_000), { maxLength: 1e6 });
    expect(arthas.texts.map((text) => text.length)).toEqual([4_000, 4_000, 1_000]);
  });

  it('makes a few messages of a stream: whole paragraphs, after a while', async () => {
    const { room, texts, said } = fakeRoom();
    async function* stream() {
      for (const word of ['One ', 'two', '.\n\nThr', 'ee four.']) yield word;
      await said(1);
      yield '\n\nFi';
      await said(2);
      yield 've.';
    }
    await say(room, stream(), { flushMs: 50 });
    expect(texts).toEqual(['One two.', 'Three four.', 'Five.']);
  });

  it('sends what it has while a stream hangs in a long paragraph, and all of it when it is larger than a message', async () => {
    const { room, texts } = fakeRoom();
    let release!: () => void;
    const later = new Promise<void>((resolve) => (release = resolve));
    async function* stream() {
      yield 'A line.\nA sentence. And a ';
      await later;
      yield 'rest.';
      yield ` ${'word '.repeat(20)}`;
    }
    const saying = say(room, stream(), { flushMs: 20, maxLength: 50 });
    await expect.poll(() => texts).toEqual(['A line.', 'A sentence.']);
    release();
    await saying;
    expect(texts.every((text) => text.length <= 50)).toBe(true);
    expect(texts.join(' ').split(/\s+/).filter((word) => word === 'word')).toHaveLength(20);
  });

  it('closes a stream that it does not read to the end', async () => {
    const { room } = fakeRoom('hush1', () => Promise.reject(hushError('CLOSED', 'closed')));
    let closed = false;
    async function* stream() {
      try {
        for (;;) yield 'x'.repeat(30_000);
      } finally {
        closed = true;
      }
    }
    await expect(say(room, stream())).rejects.toMatchObject({ code: 'CLOSED' });
    expect(closed).toBe(true);
    const stop = new AbortController();
    const hanging = say(fakeRoom().room, { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) }, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(hanging).rejects.toThrow('enough');
  });

  it('waits when the room has too much to send, and sends one message at a time', async () => {
    let calls = 0;
    let most = 0;
    let now = 0;
    const { room, texts } = fakeRoom('arthas', async () => {
      most = Math.max(most, (now += 1));
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      if ((calls += 1) === 2) throw hushError('RATE_LIMITED', 'too fast');
    });
    await Promise.all([say(room, 'a'), say(room, 'b'), say(room, 'c')]);
    expect([texts, most]).toEqual([['a', 'b', 'c'], 1]);
  });
});

describe('a mention', () => {
  const room = (name: string) => {
    const self = { id: 'me', name, self: true };
    const messages = [{ id: 'mine', from: self }, { id: 'theirs', from: { id: 'x', self: false } }];
    return { members: [self], getSnapshot: () => ({ members: [self], messages }) } as unknown as Room;
  };
  const says = (text: string, replyTo?: string) => ({ text, ...(replyTo !== undefined && { replyTo }) }) as Message;

  it.each(['@Bot', 'hey @bot!', '@BOT, /roll', '(@Bot)', 'x\n@bot'])('is seen in %j', (text) => expect(isMentioned(room('Bot'), says(text))).toBe(true));
  it.each(['bot', 'me@bot', '@bottle', '@ bot', '', '@bot_2', 'x@bot.example'])('is not seen in %j', (text) =>
    expect(isMentioned(room('Bot'), says(text))).toBe(false));
  it('is a reply to us, and to nobody else', () => {
    expect(isMentioned(room('Bot'), says('yes', 'mine'))).toBe(true);
    expect(isMentioned(room('Bot'), says('yes', 'theirs'))).toBe(false);
  });
  it('finds names of any letters', () => {
    expect(isMentioned(room('机器人'), says('@机器人 你好'))).toBe(true);
    expect(isMentioned(room('İrem (AI)'), says('hello @İrem (AI)'))).toBe(true);
    expect(isMentioned(room(''), says('@'))).toBe(false);
  });
  it('is cut off at the beginning only', () => {
    expect(withoutMention(room('Bot'), '@bot: /roll 3')).toBe('/roll 3');
    expect(withoutMention(room('Bot'), 'ask @bot')).toBe('ask @bot');
    expect(withoutMention(room('Bot'), ' @Bot')).toBe('');
  });
});

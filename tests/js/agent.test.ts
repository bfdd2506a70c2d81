import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { connectAgent, messages, onMessage } from '../../js/agent/index.js';
import type { AgentMessage, AgentStatus } from '../../js/agent/index.js';
import { createTyping } from '../../js/agent/typing.js';
import { createRoom, joinRoom } from '../../js/room/index.js';
import type { Room } from '../../js/room/index.js';
import { TYPING_INTERVAL_MS, TYPING_SHOWN_MS } from '../../js/room/typing.js';
import { startRelay, type Relay } from '../e2e/helpers.js';
import { heard, inRoom, met, until } from './agent-room.js';

let relay: Relay;

beforeAll(async () => {
  relay = await startRelay();
});
afterAll(() => relay.kill());

/** A promise, and what settles it. */
function gate<T = void>() {
  let open!: (value: T) => void;
  const promise = new Promise<T>((resolve) => (open = resolve));
  return { promise, open };
}

/** How long a notice is shown at the least: by ours, and by others in Arthas rooms. */
const SHOWN_MS = { hush1: TYPING_SHOWN_MS, arthas: 6_000 };

it.each(['hush1', 'arthas'] as const)('an agent in a %s room that works for long says so again before it is forgotten', (protocol) => {
  vi.useFakeTimers();
  try {
    const said: [number, boolean][] = [];
    const room = { protocol, status: 'open', typing: (on: boolean) => said.push([Date.now(), on]) };
    const typing = createTyping(room as unknown as Room);
    const start = Date.now();
    const [one, other] = [typing.hold(), typing.hold()];
    vi.advanceTimersByTime(30_000);
    one();
    vi.advanceTimersByTime(30_000);
    other();
    vi.advanceTimersByTime(30_000);
    expect(said.at(-1)).toEqual([start + 60_000, false]);
    const times = said.map(([at]) => at);
    expect(times[0]).toBe(start);
    const gaps = times.slice(1, -1).map((at, index) => at - (times[index] ?? 0));
    // Sooner, the room would let only every second one through.
    expect(Math.min(...gaps)).toBeGreaterThan(TYPING_INTERVAL_MS[protocol]);
    expect(Math.max(...gaps)).toBeLessThan(SHOWN_MS[protocol] - 500);
    expect(times.at(-1)! - times.at(-2)!).toBeLessThan(SHOWN_MS[protocol] - 500);
  } finally {
    vi.useRealTimers();
  }
});

describe.each(['hush1', 'arthas'] as const)('an agent in a %s room', (protocol) => {
  const meet: (use: Parameters<typeof inRoom>[2]) => Promise<void> = (use) => inRoom(relay, protocol, use);

  it('answers, reacts, and does not hear itself', () =>
    meet(async ({ ada, bot }) => {
      const listening = onMessage(bot, async (message) => {
        await message.react('\u{1f440}');
        return `you said ${message.text}`;
      });
      const sent = await ada.send('hello');
      expect(await heard(ada, 1)).toEqual(['you said hello']);
      const [question, answer] = ada.getSnapshot().messages;
      expect(answer?.replyTo).toBe(sent.id);
      expect(question?.reactions['\u{1f440}']).toEqual([ada.members.find(({ name }) => name === 'Bot')?.id]);
      await listening.stop();
      await listening.stop();
      await ada.send('anybody there?');
      await heard(bot, 2);
      expect(ada.getSnapshot().messages).toHaveLength(3);
    }));

  it('is a loop over messages', () =>
    meet(async ({ ada, bot }) => {
      const loop = (async () => {
        const texts: string[] = [];
        for await (const { text, from, message } of messages(bot)) {
          expect([from.name, message?.verification, bot.selfId]).toEqual(['Ada', 'verified', bot.selfId]);
          if (texts.push(text) === 3) break;
        }
        return texts;
      })();
      for (const text of ['1', '2', '3']) await ada.send(text);
      expect(await loop).toEqual(['1', '2', '3']);
    }));

  it('sends long answers in parts and streams in few', () =>
    meet(async ({ ada, bot }) => {
      async function* stream() {
        for (let index = 0; index < 200; index += 1) yield `${index} `;
      }
      onMessage(bot, ({ text }) => (text === 'stream' ? stream() : 'x'.repeat(45_000)), { flushMs: 10_000 });
      await ada.send('long');
      const parts = protocol === 'hush1' ? [20_000, 20_000, 5_000] : [...Array.from({ length: 11 }, () => 4_000), 1_000];
      // An Arthas room takes ten messages in ten seconds: the rest waits.
      expect((await heard(ada, parts.length)).map((text) => text.length)).toEqual(parts);
      await ada.send('stream');
      const all = await heard(ada, parts.length + 1);
      expect(all.at(-1)).toBe(Array.from({ length: 200 }, (_, index) => index).join(' '));
    }));

  it('shows that it is typing while it works, and no longer', () =>
    meet(async ({ ada, bot }) => {
      const work = gate();
      onMessage(bot, async () => work.promise);
      await ada.send('think');
      await until(ada, () => ada.getSnapshot().typing.length === 1);
      work.open();
      await until(ada, () => ada.getSnapshot().typing.length === 0);
    }));

  it('hears only whom it is allowed to, or who mentions it', () =>
    meet(async ({ ada, bot }) => {
      const eve = await joinRoom({ relay: relay.url, code: ada.code, name: 'Eve' });
      await met(bot, 3);
      await until(bot, () => bot.members.every(({ deviceKey }) => deviceKey !== ''));
      const adaKey = bot.members.find(({ name }) => name === 'Ada')?.deviceKey ?? '';
      const byKey: string[] = [];
      const byName: string[] = [];
      const mentioned: [string, string][] = [];
      onMessage(bot, ({ text }) => void byKey.push(text), { allow: [adaKey], typing: false });
      onMessage(bot, ({ text }) => void byName.push(text), { allow: ({ name }) => name === 'Eve', typing: false });
      onMessage(bot, ({ text, body }) => void mentioned.push([text, body]), { mentionOnly: true, typing: false });
      await eve.send('from Eve');
      await ada.send('@bot: from Ada');
      const own = await bot.send('from the bot');
      await until(eve, () => eve.getSnapshot().messages.some(({ text }) => text === 'from the bot'));
      const there = eve.getSnapshot().messages.find(({ text }) => text === 'from the bot');
      await eve.send('an answer', { replyTo: there?.id ?? own.id });
      await heard(bot, 3);
      await expect.poll(() => [byKey, byName, mentioned]).toEqual([
        ['@bot: from Ada'],
        ['from Eve', 'an answer'],
        [['@bot: from Ada', 'from Ada'], ['an answer', 'an answer']],
      ]);
      await eve.close();
    }));

  it('keeps the order of each sender, works for several at once, and outlives its errors', () =>
    meet(async ({ ada, bot }) => {
      const eve = await joinRoom({ relay: relay.url, code: ada.code, name: 'Eve' });
      await met(bot, 3);
      const log: string[] = [];
      const errors: [unknown, string | undefined][] = [];
      const gates = new Map(['a1', 'e1'].map((text) => [text, gate()]));
      onMessage(
        bot,
        async ({ text }) => {
          log.push(`+${text}`);
          await gates.get(text)?.promise;
          log.push(`-${text}`);
          if (text === 'a2') throw new Error('as it happens');
        },
        { concurrency: 2, onError: (error, message) => errors.push([error, message?.text]) },
      );
      for (const text of ['a1', 'a2', 'a3']) await ada.send(text);
      await eve.send('e1');
      await expect.poll(() => log).toEqual(['+a1', '+e1']);
      gates.get('a1')?.open();
      await expect.poll(() => log).toEqual(['+a1', '+e1', '-a1', '+a2', '-a2', '+a3', '-a3']);
      gates.get('e1')?.open();
      await expect.poll(() => log.at(-1)).toBe('-e1');
      expect(errors).toEqual([[expect.objectContaining({ message: 'as it happens' }), 'a2']]);
      await eve.close();
    }));
});

describe('the bounds of an agent', () => {
  it('are told when it is flooded', () =>
    inRoom(relay, 'hush1', async ({ ada, bot }) => {
      const errors: unknown[] = [];
      const held = gate();
      const seen: string[] = [];
      const options = { inboxSize: 2, onError: (error: unknown, message?: AgentMessage) => errors.push([error, message?.text]) };
      onMessage(bot, async ({ text }) => (seen.push(text), await held.promise), options);
      for (const text of ['1', '2', '3', '4']) await ada.send(text);
      await expect.poll(() => errors).toEqual([[expect.objectContaining({ code: 'MESSAGES_LOST' }), '4']]);
      held.open();
      await expect.poll(() => seen).toEqual(['1', '2', '3']);
      const slow = messages(bot, options);
      for (const text of ['5', '6', '7']) await ada.send(text);
      await expect.poll(() => errors).toHaveLength(2);
      const texts: string[] = [];
      for await (const { text } of slow) if (texts.push(text) === 2) break;
      expect(texts).toEqual(['5', '6']);
    }));

  it('are refused when they make no sense', () =>
    inRoom(relay, 'hush1', async ({ bot }) => {
      expect(() => messages(bot, { inboxSize: 0 })).toThrow(RangeError);
      expect(() => onMessage(bot, () => undefined, { concurrency: 0 })).toThrow(RangeError);
      expect(() => onMessage(bot, () => undefined, { concurrency: 1.5 })).toThrow(RangeError);
      expect(() => onMessage(bot, () => undefined, { inboxSize: -1 })).toThrow(RangeError);
      const broken = messages(bot, { files: {} as never })[Symbol.asyncIterator]();
      await expect(broken.next()).rejects.toThrow(TypeError);
    }));

  it('end a handler that takes too long, and nothing else', () =>
    inRoom(relay, 'hush1', async ({ ada, bot }) => {
      const errors: unknown[] = [];
      const aborted = gate();
      onMessage(
        bot,
        ({ text }, { signal }) => {
          if (text !== 'hang') return 'fine';
          signal.addEventListener('abort', () => aborted.open());
          return new Promise<never>(() => undefined);
        },
        { timeoutMs: 50, onError: (error) => errors.push(error) },
      );
      await ada.send('hang');
      await ada.send('then');
      expect(await heard(ada, 1)).toEqual(['fine']);
      await aborted.promise;
      expect(errors).toMatchObject([{ name: 'TimeoutError' }]);
    }));

  it('are those of a signal, and of the room', () =>
    inRoom(relay, 'hush1', async ({ ada, bot }) => {
      const stop = new AbortController();
      const started = gate();
      const finished: string[] = [];
      const listening = onMessage(
        bot,
        async (_, { signal }) => {
          started.open();
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          finished.push('cleaned up');
        },
        { signal: stop.signal },
      );
      const loop = (async () => {
        for await (const message of messages(bot)) void message;
        return 'ended';
      })();
      await ada.send('work');
      await started.promise;
      stop.abort();
      await listening.done;
      expect(finished).toEqual(['cleaned up']);
      await bot.close();
      expect(await loop).toBe('ended');
      await onMessage(bot, () => undefined).done;
    }));
});

describe('connectAgent', () => {
  it('makes a room or joins one, and leaves for good', async () => {
    const host = await connectAgent({ relay: relay.url, name: 'Host', create: { maxMembers: 3 } });
    const guest = await connectAgent({ relay: relay.url, name: 'Guest', code: host.code });
    const statuses: AgentStatus[] = [];
    guest.onStatus((status) => statuses.push(status));
    host.onMessage(({ text }) => text.toUpperCase());
    const loop = (async () => {
      const texts: string[] = [];
      for await (const { text } of guest.messages()) texts.push(text);
      return texts;
    })();
    await guest.say('hello');
    await until(guest.room, () => guest.room.getSnapshot().messages.length === 2);
    await guest.close();
    await guest.close();
    expect([await guest.closed, guest.status, statuses]).toEqual([undefined, 'closed', ['closed']]);
    expect(await loop).toEqual(['HELLO']);
    await expect(guest.say('x')).rejects.toMatchObject({ code: 'CLOSED' });
    await host.close();
  });

  it('fails at once for what does not pass, and for what may if it is not told to wait', async () => {
    const nowhere = { relay: 'ws://127.0.0.1:9/ws', name: 'Bot' };
    await expect(connectAgent({ ...nowhere, code: 'nonsense', retry: { initial: true } })).rejects.toMatchObject({ code: 'INVALID_SHARE_CODE' });
    await expect(connectAgent(nowhere)).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
    await expect(connectAgent({ ...nowhere, retry: { initial: true, attempts: 2, firstMs: 1 } })).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
    const stop = new AbortController();
    const waiting = connectAgent({ ...nowhere, retry: { initial: true }, signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(connectAgent({ ...nowhere, retry: { attempts: -1 } })).rejects.toThrow(RangeError);
    const room = await createRoom({ relay: relay.url, name: 'Ada' });
    const { code } = room;
    await room.close();
    await expect(connectAgent({ relay: relay.url, name: 'Bot', code, retry: { initial: true } })).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
  });

  it('waits for a place in a full room', async () => {
    const ada = await createRoom({ relay: relay.url, name: 'Ada', maxMembers: 3 });
    const grace = await joinRoom({ relay: relay.url, name: 'Grace', code: ada.code });
    const first = await joinRoom({ relay: relay.url, name: 'First', code: ada.code });
    const options = { relay: relay.url, name: 'Bot', code: ada.code };
    await expect(connectAgent(options)).rejects.toMatchObject({ code: 'ROOM_FULL' });
    const waiting = connectAgent({ ...options, retry: { initial: true, firstMs: 100, maxMs: 200 } });
    await first.close();
    const agent = await waiting;
    expect(agent.status).toBe('connected');
    await Promise.all([agent.close(), grace.close(), ada.close()]);
  });

  it('comes back after its relay has died, with its handlers', { timeout: 60_000 }, async () => {
    let mortal = await startRelay();
    const { port } = mortal;
    const ada = await createRoom({ relay: mortal.url, name: 'Ada' });
    const agent = await connectAgent({ relay: mortal.url, name: 'Bot', code: ada.code });
    const statuses: AgentStatus[] = [];
    agent.onStatus((status) => statuses.push(status));
    agent.onMessage(({ text }) => `again: ${text}`);
    await mortal.kill();
    await expect.poll(() => agent.status).toBe('reconnecting');
    mortal = await startRelay(port);
    await expect.poll(() => statuses, { timeout: 30_000 }).toEqual(['reconnecting', 'connected']);
    await ada.send('hello');
    expect(await heard(ada, 1)).toEqual(['again: hello']);
    await Promise.all([agent.close(), ada.close()]);
    await mortal.kill();
  });
});

import { randomBytes } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { blobSink, createRoom, joinRoom, parseShareCode } from '../../js/room/index.js';
import type { CreateRoomOptions, Protocol, Room, RoomEvent } from '../../js/room/index.js';
import { startArthasRelay } from '../e2e/arthas-relay.js';
import { startRelay } from '../e2e/helpers.js';
import { memorySink, watch, type Watch } from '../e2e/watch.js';
import { codeOf, codeOfAsync } from './helpers.js';

/** What both protocols can do, in the same words. An Arthas room also lives on relays that know nothing of our receipts. */
const WAYS: readonly { readonly name: string; readonly protocol: Protocol; start(): Promise<{ url: string; stop(): Promise<void> }> }[] = [
  { name: 'hush1', protocol: 'hush1', start: startOurs },
  { name: 'arthas', protocol: 'arthas', start: startOurs },
  {
    name: 'arthas, on a relay without receipts',
    protocol: 'arthas',
    async start() {
      const { url, close } = await startArthasRelay();
      return { url, stop: close };
    },
  },
];

async function startOurs() {
  const { url, kill } = await startRelay(0, ['--joins-per-minute', '0', '--posts-per-second', '0']);
  return { url, stop: kill };
}

/** A member and all that happens around it. */
interface Peer {
  readonly room: Room;
  readonly sees: Watch;
}

type Of<T extends RoomEvent['type']> = Extract<RoomEvent, { type: T }>;

/** The first event of a kind, which may have been. */
function first<T extends RoomEvent['type']>({ sees }: Peer, type: T, test: (event: Of<T>) => boolean = () => true): Promise<Of<T>> {
  return sees.until((events) => events.find((event): event is Of<T> => event.type === type && test(event as Of<T>)), `a ${type}`);
}

/** The first message of another. */
const heard = (peer: Peer, text: string) => first(peer, 'message', (event) => !event.fromSelf && event.message.text === text).then((event) => event.message);
const messageOf = ({ room }: Peer, id: string) => room.getSnapshot().messages.find((message) => message.id === id);

describe.each(WAYS)('$name', ({ protocol, start }) => {
  let relay: { url: string; stop(): Promise<void> };
  let ada: Peer;
  let grace: Peer;

  beforeAll(async () => {
    relay = await start();
  });
  afterAll(() => relay.stop());

  /** Ada's room, with Grace in it. */
  async function meet(options: Partial<CreateRoomOptions> = {}) {
    const made = await createRoom({ relay: relay.url, protocol, name: 'Ada', ...options });
    ada = { room: made, sees: watch(made) };
    const { password } = options;
    const joined = await joinRoom({ relay: relay.url, code: made.code, name: 'Grace', ...(password !== undefined && { password }) });
    grace = { room: joined, sees: watch(joined) };
    await first(ada, 'member-joined');
    await grace.sees.until(() => joined.members.length === 2, 'Ada');
  }
  const part = () => Promise.all([ada.room.close(), grace.room.close()]);

  describe('in a room', () => {
    beforeEach(() => meet());
    afterEach(part);

    test('both know the room, each other and the protocol', async () => {
      expect([ada.room.protocol, grace.room.protocol]).toEqual([protocol, protocol]);
      expect(parseShareCode(ada.room.code)).toMatchObject({ protocol, ephemeralSeconds: 0, expiresAt: 0 });
      expect(grace.room.code).toBe(ada.room.code);
      for (const [own, other, name] of [[ada, grace, 'Grace'], [grace, ada, 'Ada']] as const) {
        expect(own.room.members.map((member) => [member.name, member.self])).toEqual([[own === ada ? 'Ada' : 'Grace', true], [name, false]]);
        expect(own.room.members[0]?.id).toBe(own.room.selfId);
        await own.sees.until(() => own.room.members[1]?.deviceKey === other.room.members[0]?.deviceKey, 'the key');
        expect(own.room.getSnapshot()).toMatchObject({ status: 'open', ephemeralSeconds: 0, hasPassword: false, expiresAt: 0 });
      }
    });

    test('texts go both ways, signed', async () => {
      for (const [from, to] of [[ada, grace], [grace, ada]] as const) {
        const text = `from ${from.room.selfId} a\u200db\u3000\u{1f469}\u200d\u{1f680} <&>`;
        const sent = await from.room.send(text);
        expect(sent).toMatchObject({ text, accepted: true, verification: 'verified', from: { id: from.room.selfId } });
        expect(messageOf(from, sent.id)).toEqual(sent);
        const got = await heard(to, text);
        await to.sees.until(() => messageOf(to, got.id)?.verification === 'verified', 'the verification');
        expect(got.from.name).toBe(from === ada ? 'Ada' : 'Grace');
        expect(Math.abs(got.sentAt - Date.now())).toBeLessThan(60_000);
        expect(got.receivedAt).toBeGreaterThan(0);
        expect(got).not.toHaveProperty('removedAt');
      }
    });

    test('answers and reactions find their message, on both sides', async () => {
      const asked = await ada.room.send('a question');
      const question = await heard(grace, 'a question');
      await grace.room.send('an answer', { replyTo: question.id });
      const answer = await heard(ada, 'an answer');
      expect(answer.replyTo).toBe(asked.id);
      if (protocol === 'arthas') expect(answer.quote).toEqual({ senderName: 'Ada', preview: 'a question' });
      else expect(answer).not.toHaveProperty('quote');

      await grace.room.react(question.id, '\u{1f44d}');
      expect(await first(ada, 'reaction')).toMatchObject({ messageId: asked.id, emoji: '\u{1f44d}', action: 'add', from: { name: 'Grace' } });
      await ada.room.react(answer.id, '\u{2764}\u{fe0f}');
      const own = grace.room.getSnapshot().messages.find(({ text }) => text === 'an answer');
      expect(await first(grace, 'reaction', ({ from }) => from.name === 'Ada')).toMatchObject({ messageId: own?.id, action: 'add' });
      expect(messageOf(grace, own?.id ?? '')?.reactions).toEqual({ '\u{2764}\u{fe0f}': [grace.room.members[1]?.id] });
      expect(messageOf(ada, asked.id)?.reactions).toEqual({ '\u{1f44d}': [ada.room.members[1]?.id] });
      await grace.room.react(question.id, '\u{1f44d}', 'remove');
      await first(ada, 'reaction', ({ action }) => action === 'remove');
      expect(messageOf(ada, asked.id)?.reactions).toEqual({});
      expect(messageOf(grace, question.id)?.reactions).toEqual({});
    });

    test('typing is seen, and over with the message', async () => {
      grace.room.typing();
      expect(await first(ada, 'typing')).toMatchObject({ typing: true, from: { name: 'Grace' } });
      expect(ada.room.getSnapshot().typing).toEqual([ada.room.members[1]?.id]);
      await grace.room.send('done');
      await heard(ada, 'done');
      expect(ada.room.getSnapshot().typing).toEqual([]);
      grace.room.typing();
      await ada.sees.until((events) => events.filter((event) => event.type === 'typing' && event.typing).length === 2, 'typing again');
      grace.room.typing(false);
      await first(ada, 'typing', ({ typing }) => !typing);
    });

    test.each([1, 65_480, 65_536, 65_537, 131_072, 300_000])('a file of %i bytes arrives as it was sent', async (size) => {
      const file = randomBytes(size);
      const transfer = ada.room.sendFile(new Blob([file], { type: 'image/png' }), { name: '../ship\u202e.png' });
      const { offer } = await first(grace, 'file-offer');
      expect(offer).toMatchObject({ size, mime: 'image/png', from: { name: 'Ada' } });
      expect(offer.name).toMatch(/ship.*\.png$/);
      expect(offer.name).not.toMatch(/[/\u202e]/);
      expect(offer).not.toHaveProperty('voiceSeconds');
      expect(grace.room.getSnapshot().offers).toEqual([offer]);
      const sink = memorySink();
      const receiving = offer.accept(sink);
      expect(grace.room.getSnapshot().offers).toEqual([]);
      expect(await receiving.done).toMatchObject({ size });
      await transfer.done;
      expect(sink.bytes().equals(file)).toBe(true);
      expect(sink.state).toBe('closed');
      for (const one of [transfer, receiving]) expect(one.progress).toMatchObject({ state: 'done', bytes: size, total: size });
      expect(transfer.progress.receivers).toMatchObject([{ member: ada.room.members[1]?.id, state: 'done' }]);
      expect(codeOf(() => offer.decline())).toBe('INVALID_STATE');
    });

    test('a stream of unknown size, and one that says it', async () => {
      const file = randomBytes(200_000);
      async function* stream() {
        for (let at = 0; at < file.length; at += 7777) yield file.subarray(at, at + 7777);
      }
      for (const options of [{}, { size: file.length }]) {
        const before = grace.sees.events.length;
        const transfer = ada.room.sendFile(stream(), options);
        const offer = await grace.sees.until((events) => events.slice(before).flatMap((event) => (event.type === 'file-offer' ? [event.offer] : []))[0], 'an offer');
        const sink = memorySink();
        await offer.accept(sink).done;
        await transfer.done;
        expect(sink.bytes().equals(file)).toBe(true);
        expect(transfer.size).toBe(file.length);
      }
      const lying = ada.room.sendFile(stream(), { size: file.length + 1 });
      if (protocol === 'hush1') (await first(grace, 'file-offer', ({ offer }) => offer.id === lying.id)).offer.accept(memorySink());
      expect(await codeOfAsync(lying.done)).toBe('SOURCE_FAILED');
    });

    test('a voice message says how long it is', async () => {
      const transfer = ada.room.sendFile(new Blob([randomBytes(5000)], { type: 'audio/webm' }), { name: 'voice.webm', voiceSeconds: 3 });
      const { offer } = await first(grace, 'file-offer');
      expect(offer.voiceSeconds).toBe(3);
      expect(transfer.voiceSeconds).toBe(3);
      const receiving = offer.accept(blobSink(offer));
      expect(receiving.voiceSeconds).toBe(3);
      const { file } = await receiving.done;
      expect(file).toMatchObject({ size: 5000, type: 'audio/webm' });
      for (const voiceSeconds of [0, 0.5, 3601, -1, NaN]) expect(() => ada.room.sendFile(new Uint8Array(1), { voiceSeconds })).toThrow(RangeError);
      expect(() => ada.room.sendFile(new Uint8Array(1), { voiceSeconds: '3' as unknown as number })).toThrow(TypeError);
    });

    test('a file that is withdrawn, and one that is declined', async () => {
      const hang = new Promise<never>(() => undefined);
      const reader = { size: 200_000, read: () => hang };
      const transfer = ada.room.sendFile(reader);
      const { offer } = await first(grace, 'file-offer');
      transfer.cancel();
      expect(await codeOfAsync(transfer.done)).toBe('TRANSFER_CANCELLED');
      expect(transfer.state).toBe('cancelled');
      expect(await first(grace, 'file-withdrawn')).toMatchObject({ offerId: offer.id });
      expect(codeOf(() => offer.accept(memorySink()))).toBe('INVALID_STATE');
      expect(grace.room.getSnapshot().offers).toEqual([]);

      const second = ada.room.sendFile(randomBytes(1000));
      const refused = (await first(grace, 'file-offer', (event) => event.offer !== offer)).offer;
      refused.decline();
      expect(codeOf(() => refused.accept(memorySink()))).toBe('INVALID_STATE');
      expect(grace.room.getSnapshot().offers).toEqual([]);
      if (protocol === 'hush1') expect(await codeOfAsync(second.done)).toBe('TRANSFER_DECLINED');
      else second.cancel();
    });

    test('several files at once, while they talk', async () => {
      const files = Array.from({ length: 3 }, () => randomBytes(250_000));
      const transfers = files.map((file, index) => ada.room.sendFile(file, { name: String(index) }));
      const sinks = files.map(() => memorySink());
      const receiving = transfers.map(async ({ name }, index) => {
        const { offer } = await first(grace, 'file-offer', (event) => event.offer.name === name);
        await offer.accept(sinks[index]).done;
      });
      await Promise.all([...receiving, ada.room.send('meanwhile'), heard(grace, 'meanwhile')]);
      await Promise.all(transfers.map(({ done }) => done));
      expect(sinks.map((sink, index) => sink.bytes().equals(files[index] ?? Buffer.of()))).toEqual([true, true, true]);
    });

    test('three get one file, and progress tells of each', async () => {
      const alan = await joinRoom({ relay: relay.url, code: ada.room.code, name: 'Alan' });
      const third: Peer = { room: alan, sees: watch(alan) };
      await ada.sees.until(() => ada.room.members.length === 3, 'Alan');
      const file = randomBytes(150_000);
      const transfer = ada.room.sendFile(file);
      const sinks = await Promise.all(
        [grace, third].map(async (peer) => {
          const { offer } = await first(peer, 'file-offer');
          const sink = memorySink();
          await offer.accept(sink).done;
          return sink;
        }),
      );
      await transfer.done;
      expect(sinks.map((sink) => sink.bytes().equals(file))).toEqual([true, true]);
      const others = ada.room.members.slice(1).map(({ id }) => id);
      const told = transfer.progress.receivers ?? [];
      expect(told.map(({ member }) => member).sort()).toEqual(others.sort());
      expect(told.every(({ state, bytes }) => state === 'done' && bytes === file.length)).toBe(true);
      await alan.close();
    });

    test('a sink that cannot be opened leaves the offer open', async () => {
      const file = randomBytes(1000);
      const transfer = ada.room.sendFile(file);
      const { offer } = await first(grace, 'file-offer');
      expect(await codeOfAsync(offer.accept('/nowhere/at/all').done)).toBe('SINK_FAILED');
      expect(grace.room.getSnapshot().offers).toEqual([offer]);
      const sink = memorySink();
      await offer.accept(sink).done;
      await transfer.done;
      expect(sink.bytes().equals(file)).toBe(true);
    });

    test('who leaves is gone, and closed is closed', async () => {
      await grace.room.close();
      expect(await first(ada, 'member-left')).toMatchObject({ member: { name: 'Grace' } });
      expect(ada.room.members).toHaveLength(1);
      expect(codeOf(() => ada.room.sendFile(new Uint8Array(1)))).toBe('INVALID_STATE');
      expect(await codeOfAsync(grace.room.send('x'))).toBe('CLOSED');
      expect(codeOf(() => grace.room.sendFile(new Uint8Array(1)))).toBe('CLOSED');
      expect(await codeOfAsync(ada.room.send(''))).toBe('INVALID_ARGUMENT');
      expect(await codeOfAsync(ada.room.send('x'.repeat(2_000_000)))).toBe('TEXT_TOO_LONG');
    });
  });

  test('messages vanish on time, at both', async () => {
    await meet({ ephemeralSeconds: 1 });
    for (const { room } of [ada, grace]) expect(room.getSnapshot().ephemeralSeconds).toBe(1);
    expect(parseShareCode(ada.room.code).ephemeralSeconds).toBe(1);
    const before = Date.now();
    const sent = await ada.room.send('soon gone');
    const got = await heard(grace, 'soon gone');
    for (const { removedAt } of [sent, got]) expect(Math.abs((removedAt ?? 0) - before - 1000)).toBeLessThan(500);
    for (const [peer, { id }] of [[ada, sent], [grace, got]] as const) {
      await first(peer, 'message-expired', ({ messageId }) => messageId === id);
      const after = Date.now() - before;
      expect(after).toBeGreaterThan(900);
      expect(after).toBeLessThan(3000);
      expect(peer.room.getSnapshot().messages).toEqual([]);
    }
    await part();
  });

  test('the end of the room is known', async () => {
    await meet({ expirySeconds: 3600 });
    for (const peer of [ada, grace]) {
      const { expiresAt } = peer.room.getSnapshot();
      expect(Math.abs(expiresAt - Date.now() / 1000 - 3600)).toBeLessThan(10);
    }
    await part();
  });

  test('names and options that cannot be', async () => {
    const create = (options: Partial<CreateRoomOptions>) => createRoom({ relay: relay.url, protocol, name: 'Ada', ...options });
    expect(await codeOfAsync(create({ name: '' }))).toBe('INVALID_NAME');
    expect(await codeOfAsync(create({ protocol: 'irc' as Protocol }))).toBe('INVALID_ARGUMENT');
    await expect(create({ ephemeralSeconds: 604_801 })).rejects.toThrow(RangeError);
    await expect(create({ ephemeralSeconds: 1.5 })).rejects.toThrow(RangeError);
    await expect(create({ expirySeconds: 604_801 })).rejects.toThrow(RangeError);
    await expect(create({ ephemeralSeconds: '1' as unknown as number })).rejects.toThrow(TypeError);
    await expect(create({ password: 1 as unknown as string })).rejects.toThrow(TypeError);
    if (protocol === 'hush1') {
      expect(await codeOfAsync(create({ password: 'hunter22' }))).toBe('UNSUPPORTED');
    } else {
      expect(await codeOfAsync(create({ maxMembers: 2 }))).toBe('UNSUPPORTED');
      expect(await codeOfAsync(create({ name: 'x'.repeat(21) }))).toBe('INVALID_NAME');
      await expect(create({ password: '' })).rejects.toThrow(RangeError);
      await expect(create({ password: '\u00e9'.repeat(513) })).rejects.toThrow(RangeError);
    }
  });
});

import { createHash, randomBytes } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { blobSink, createRoom, joinRoom, parseShareCode } from '../../js/room/index.js';
import type { Room, RoomEvent, WebSocketConstructor } from '../../js/room/index.js';
import { canonical, joinArthas, seal, verifies, type ArthasMember } from '../e2e/arthas-member.js';
import { ARTHAS, startArthasRelay, type ArthasRelay } from '../e2e/arthas-relay.js';
import { frame, startFakeRelay } from '../e2e/fake-relay.js';
import { memorySink, watch, type Watch } from '../e2e/watch.js';
import { codeOf, codeOfAsync } from './helpers.js';

/**
 * Our package among Arthas' own: a relay and members that know no more than the wire document says.
 */
const MAX_FILE = 5_242_880;
const MAX_FRAME = 102_400;

let relay: ArthasRelay;
let closing: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  relay = await startArthasRelay();
});
afterAll(() => relay.close());
afterEach(async () => {
  await Promise.all(closing.map((one) => one.close()));
  closing = [];
});

type Of<T extends RoomEvent['type']> = Extract<RoomEvent, { type: T }>;

function first<T extends RoomEvent['type']>(sees: Watch, type: T, test: (event: Of<T>) => boolean = () => true): Promise<Of<T>> {
  return sees.until((events) => events.find((event): event is Of<T> => event.type === type && test(event as Of<T>)), `a ${type}`);
}

const heard = async (sees: Watch, text: string) => (await first(sees, 'message', ({ message }) => message.text === text)).message;

async function create(options: Partial<Parameters<typeof createRoom>[0]> = {}): Promise<{ room: Room; sees: Watch }> {
  const room = await createRoom({ relay: relay.url, protocol: 'arthas', name: 'Ada', ...options });
  closing.push(room);
  return { room, sees: watch(room) };
}

/** Ada, who is ours, and Eve, who is not. */
async function meet(options: Partial<Parameters<typeof createRoom>[0]> = {}): Promise<{ room: Room; sees: Watch; eve: ArthasMember }> {
  const { room, sees } = await create(options);
  const eve = await joinArthas(relay.url, room.code, 'Eve');
  closing.push(eve);
  await first(sees, 'member-joined');
  return { room, sees, eve };
}

const opened = (eve: ArthasMember, { iv, ciphertext }: Record<string, unknown>): Record<string, unknown> =>
  JSON.parse(eve.open(iv as string, ciphertext as string).toString()) as Record<string, unknown>;

describe('what we send', () => {
  test('is sealed and signed as the wire document says, after our key', async () => {
    const { room, eve } = await meet();
    const relayed = (test: (payload: Record<string, unknown>) => boolean) => eve.until(ARTHAS.relayed, (data) => test(opened(eve, data)));
    // Said again for who has just come.
    const announced = opened(eve, await relayed((payload) => payload['type'] === 'pubkey'));
    const { pubkey, sig } = announced as { pubkey: string; sig: string };
    expect(Object.keys(announced).sort()).toEqual(['pubkey', 'sig', 'text', 'type']);
    expect(pubkey).toBe(room.members[0]?.deviceKey);
    expect(verifies(pubkey, sig, `{"pubkey":"${pubkey}","text":"","type":"pubkey"}`)).toBe(true);

    void room.send('Hello');
    const data = await relayed((payload) => payload['text'] === 'Hello');
    expect(data['iv']).toMatch(/^[\w-]{16}$/);
    const hello = opened(eve, data);
    expect(Object.keys(hello).sort()).toEqual(['sig', 'text']);
    expect(verifies(pubkey, hello['sig'] as string, '{"text":"Hello"}')).toBe(true);
  });

  test('answers and reactions name messages as others know them', async () => {
    const { room, sees, eve } = await meet();
    eve.say({ text: 'asked' });
    const asked = await heard(sees, 'asked');
    const { told } = relay;
    void room.send('answered', { replyTo: asked.id });
    const data = await eve.until(ARTHAS.relayed, (each) => opened(eve, each)['text'] === 'answered');
    const { reply, ...rest } = opened(eve, data) as { reply: { stableId: string }; text: string; sig: string };
    expect(reply).toEqual({ stableId: `${eve.id}:${asked.receivedAt}`, senderName: 'Eve', preview: 'asked' });
    expect(verifies(room.members[0]?.deviceKey ?? '', rest.sig, canonical({ reply, text: 'answered' }))).toBe(true);
    void room.react(asked.id, '\u{1f44d}');
    const reaction = opened(eve, await eve.until(ARTHAS.relayedReaction));
    expect(reaction).toEqual({ stableId: `${eve.id}:${asked.receivedAt}`, emoji: '\u{1f44d}', action: 'add' });
    expect(told.every(({ size }) => size <= MAX_FRAME)).toBe(true);
  });

  test('a password goes out as its hash, and is no part of the code', async () => {
    const { room } = await create({ password: 'hunter22' });
    const { data } = relay.told.filter(({ type }) => type === ARTHAS.create).at(-1) ?? {};
    expect(data?.['password']).toBe(createHash('sha256').update('hunter22').digest('hex'));
    expect(data?.['password']).toBe('20d2fe5e369db54ec7090639a9dc30ec4d608604936239d39e2de07fda09eb0b');
    expect(room.getSnapshot().hasPassword).toBe(true);
    const { code } = room;
    const join = (password?: string) => joinRoom({ relay: relay.url, code, name: 'Grace', ...(password !== undefined && { password }) });
    expect(await codeOfAsync(join())).toBe('WRONG_PASSWORD');
    expect(await codeOfAsync(join('hunter2'))).toBe('WRONG_PASSWORD');
    await expect(join('')).rejects.toThrow(RangeError);
    const grace = await join('hunter22');
    closing.push(grace);
    expect(grace.getSnapshot().hasPassword).toBe(true);
    const native = 'hush1:V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
    expect(await codeOfAsync(joinRoom({ relay: relay.url, code: native, name: 'Grace', password: 'x' }))).toBe('UNSUPPORTED');
  });

  test('codes are those of Arthas, whole once the room is entered', async () => {
    const { room } = await create({ ephemeralSeconds: 30, expirySeconds: 3600 });
    const { roomId, expiresAt } = parseShareCode(room.code);
    expect(room.code).toMatch(/^[\w-]{21}:[\w-]{43}:30:\d+$/);
    expect(roomId).toBe(relay.told.filter(({ type }) => type === ARTHAS.create).length > 0 ? room.code.slice(0, 21) : '');
    expect(expiresAt).toBe(room.getSnapshot().expiresAt);
    const grace = await joinRoom({ relay: relay.url, code: `https://chat.example.com/#/join/${room.code}`, name: 'Grace' });
    closing.push(grace);
    expect(grace.code).toBe(room.code);
    expect(grace.getSnapshot()).toMatchObject({ ephemeralSeconds: 30, expiresAt });
  });
});

describe('what others say', () => {
  test('is verified, unknown, failed or unsigned', async () => {
    const { sees, room, eve } = await meet();
    eve.say({ text: 'unsigned' });
    expect((await heard(sees, 'unsigned')).verification).toBe('unsigned');
    eve.say('plain words');
    expect((await heard(sees, 'plain words')).verification).toBe('unsigned');
    eve.say(eve.signed({ text: 'early' }));
    const early = await heard(sees, 'early');
    expect(early.verification).toBe('unknown');
    eve.announce();
    const key = await first(sees, 'member-key');
    expect(key).toMatchObject({ changed: false, member: { id: eve.id, name: 'Eve', deviceKey: eve.publicKey } });
    const changed = await first(sees, 'message-changed');
    expect(changed.message).toMatchObject({ id: early.id, text: 'early', verification: 'verified' });
    expect(room.getSnapshot().messages.find(({ id }) => id === early.id)?.verification).toBe('verified');
    eve.say(eve.signed({ text: 'later' }));
    expect((await heard(sees, 'later')).verification).toBe('verified');
    eve.say({ ...eve.signed({ text: 'was this' }), text: 'forged' });
    expect((await heard(sees, 'forged')).verification).toBe('failed');
    // Go's canonical form.
    eve.say(eve.signed({ text: 'go\u200d\u3000' }, '{"text":"go\\u200d\\u3000"}'));
    expect((await heard(sees, 'go\u200d\u3000')).verification).toBe('verified');
    expect(sees.texts().filter((text) => text.includes(eve.publicKey) || text === '')).toEqual([]);
  });

  test('another key of the same member is told, and verifies nothing', async () => {
    const { sees, room, eve } = await meet();
    const other = await joinArthas(relay.url, room.code, 'Mallory');
    closing.push(other);
    eve.announce();
    await first(sees, 'member-key', ({ member }) => member.id === eve.id);
    // Mallory's announcement, replayed by the relay under Eve's name.
    const { iv, data } = other.seal(other.signed({ text: '', type: 'pubkey', pubkey: other.publicKey }));
    const relayed = { iv: iv.toString('base64url'), ciphertext: data.toString('base64url'), senderName: 'Eve', t: Date.now() };
    const [own] = relay.told;
    expect(own).toBeDefined();
    relay.inject(adaOf(room), ARTHAS.relayed, { ...relayed, senderId: eve.id });
    expect(await first(sees, 'member-key', ({ changed }) => changed)).toMatchObject({ changed: true, member: { id: eve.id } });
    const forged = other.seal(other.signed({ text: 'not Eve' }));
    const forgery = { ...relayed, iv: forged.iv.toString('base64url'), ciphertext: forged.data.toString('base64url'), senderId: eve.id };
    relay.inject(adaOf(room), ARTHAS.relayed, forgery);
    expect((await heard(sees, 'not Eve')).verification).not.toBe('verified');
  });

  test('the agent plugin: raw text, and keys that are no text', async () => {
    const { sees, eve } = await meet();
    eve.say(`[PUBLIC_KEY]${eve.publicKey}`);
    eve.say('from the plugin');
    expect((await heard(sees, 'from the plugin')).verification).toBe('unsigned');
    expect(sees.texts()).toEqual(['from the plugin']);
  });

  test('typing, plain and sealed; reactions; the relay\'s own warning is no message', async () => {
    const { sees, room, eve } = await meet();
    eve.send(ARTHAS.typing, { typing: true });
    await first(sees, 'typing', ({ typing }) => typing);
    const { iv, data } = eve.seal({ typing: false });
    eve.send(ARTHAS.typing, { iv: iv.toString('base64url'), ciphertext: data.toString('base64url') });
    await first(sees, 'typing', ({ typing }) => !typing);
    relay.inject(adaOf(room), ARTHAS.relayed, { senderId: 'system', senderName: 'System', iv: '', ciphertext: '__SYSTEM_EXPIRY_WARNING__', t: Date.now() });
    eve.say({ text: 'after it' });
    await heard(sees, 'after it');
    expect(sees.texts()).toEqual(['after it']);
    expect(sees.errors()).toEqual([]);
  });

  test('a reaction and an answer to our message find it, though the relay never told us its time', async () => {
    const { sees, room, eve } = await meet();
    const sent = await room.send('ours');
    const { senderId, t } = await eve.until(ARTHAS.relayed, (data) => opened(eve, data)['text'] === 'ours');
    const stableId = `${String(senderId)}:${String(t)}`;
    const { iv, data } = eve.seal({ stableId, emoji: '\u{1f600}', action: 'add' });
    eve.send(ARTHAS.reaction, { iv: iv.toString('base64url'), ciphertext: data.toString('base64url') });
    expect((await first(sees, 'reaction')).messageId).toBe(sent.id);
    eve.say({ text: 'answer', reply: { stableId, senderName: 'Ada', preview: 'ours' } });
    expect(await heard(sees, 'answer')).toMatchObject({ replyTo: sent.id, quote: { senderName: 'Ada', preview: 'ours' } });
  });
});

test('what the relay refuses for good is told, and undone', async () => {
  const refusing = new Set<number>();
  const strict = await startArthasRelay({ receipts: (type) => (refusing.has(type) ? 'E005' : undefined) });
  const room = await createRoom({ relay: strict.url, protocol: 'arthas', name: 'Ada' });
  closing.push({ close: () => room.close().then(() => strict.close()) });
  const sees = watch(room);
  const taken = await room.send('taken');
  expect(Math.abs(taken.receivedAt - Date.now())).toBeLessThan(10_000);
  refusing.add(ARTHAS.message).add(ARTHAS.reaction);
  expect(await codeOfAsync(room.send('refused'))).toBe('RELAY_REFUSED');
  expect(room.getSnapshot().messages.at(-1)).toMatchObject({ text: 'refused', accepted: false, rejected: 'RELAY_REFUSED' });
  expect((await first(sees, 'message-changed')).message).toMatchObject({ text: 'refused', rejected: 'RELAY_REFUSED' });
  expect(await codeOfAsync(room.react(taken.id, '\u{1f44d}'))).toBe('RELAY_REFUSED');
  expect(room.getSnapshot().messages[0]?.reactions).toEqual({});
  refusing.clear();
  await room.react(taken.id, '\u{2764}');
  expect(room.getSnapshot().messages[0]?.reactions).toEqual({ '\u{2764}': [room.selfId] });
});

/** The relay's id for Ada, who has made the newest room. */
const adaOf = (_: Room): string => relay.told.filter(({ type }) => type === ARTHAS.create).at(-1)?.from ?? '';

describe('files of others', () => {
  test('come before they are accepted, are confirmed, and wait', async () => {
    const { sees, eve } = await meet();
    const file = randomBytes(200_001);
    const transferId = eve.sendFile(file, { fileName: '../a/b\u202egnp.exe', thumbnail: { 0: 0xff, 1: 0xd8, 2: 0xff, 3: 0xe0 } });
    expect(await eve.until(ARTHAS.relayedAck)).toMatchObject({ transferId });
    const { offer } = await first(sees, 'file-offer');
    expect(offer).toMatchObject({ size: file.length, from: { name: 'Eve' } });
    expect(offer.name).not.toMatch(/[/\\\u202e]/);
    expect(offer.thumbnail).toEqual(new Uint8Array([0xff, 0xd8, 0xff, 0xe0]));
    // The one who sent it may be gone by then.
    await eve.close();
    await first(sees, 'member-left');
    const sink = memorySink();
    const receiving = offer.accept(sink);
    expect(await receiving.done).toEqual({ kind: 'stream', size: file.length });
    expect(sink.bytes().equals(file)).toBe(true);
  });

  test('go into every kind of sink, and chunks may come in any order', async () => {
    const { sees, eve } = await meet();
    const file = randomBytes(300_000);
    const kept: Record<string, unknown>[] = [];
    const transferId = eve.sendFile(file, {}, { complete: false, chunk: (_, chunk) => void kept.push(chunk) as undefined });
    for (const chunk of kept.reverse()) eve.send(ARTHAS.fileChunk, chunk);
    eve.send(ARTHAS.fileComplete, { transferId });
    const { offer } = await first(sees, 'file-offer');
    const { file: blob } = await offer.accept(blobSink(offer)).done;
    expect(Buffer.from((await blob?.arrayBuffer()) ?? new ArrayBuffer()).equals(file)).toBe(true);
  });

  test('the metadata of the agent plugin', async () => {
    const { sees, eve } = await meet();
    const file = randomBytes(70_000);
    const meta = { transferId: undefined, fileName: undefined, fileSize: undefined, name: 'from.plugin', size: file.length, mimeType: 'text/plain' };
    eve.sendFile(file, meta);
    const { offer } = await first(sees, 'file-offer');
    expect(offer).toMatchObject({ name: 'from.plugin', mime: 'text/plain', size: file.length });
    await offer.accept(memorySink()).done;
  });

  test('a voice message', async () => {
    const { sees, eve } = await meet();
    eve.sendFile(randomBytes(1000), { isVoice: true, duration: 4, mimeType: 'audio/webm;codecs=opus' });
    const { offer } = await first(sees, 'file-offer');
    expect(offer.voiceSeconds).toBe(4);
    offer.decline();
    eve.sendFile(randomBytes(1000), { isVoice: 1, duration: 4 });
    const second = await first(sees, 'file-offer', (event) => event.offer !== offer);
    expect(second.offer).not.toHaveProperty('voiceSeconds');
  });

  test.each<[string, Parameters<ArthasMember['sendFile']>[2], string | undefined]>([
    ['with a chunk that was changed', { chunk: (index, chunk) => (index === 1 ? { ...chunk, data: flipped(chunk['data'] as Uint8Array) } : chunk) }, 'DECRYPT_FAILED'],
    ['with a chunk left out', { chunk: (index, chunk) => (index === 1 ? undefined : chunk) }, undefined],
    ['with a chunk twice in place of another', { chunk: (index, chunk) => ({ ...chunk, index: index === 1 ? 0 : index }) }, undefined],
  ])('a file %s is of no use, accepted or not', async (_, options, code) => {
    for (const accepted of [false, true]) {
      const { sees, eve } = await meet();
      const transferId = eve.sendFile(randomBytes(200_000), {}, { ...options, complete: false });
      const { offer } = await first(sees, 'file-offer');
      const sink = memorySink();
      const receiving = accepted && sees.events.every(({ type }) => type !== 'file-withdrawn') ? offer.accept(sink) : undefined;
      eve.send(ARTHAS.fileComplete, { transferId });
      if (receiving === undefined) {
        await first(sees, 'file-withdrawn');
        expect(codeOf(() => offer.accept(memorySink()))).toBe('INVALID_STATE');
      } else {
        expect(['DECRYPT_FAILED', 'TRUNCATED']).toContain(await codeOfAsync(receiving.done));
        expect(sink.state).toBe('aborted');
      }
      if (code !== undefined && receiving === undefined) expect(sees.errors()).toContain(code);
      expect(eve.frames.some(({ type }) => type === ARTHAS.relayedAck)).toBe(false);
    }
  });

  test('one that its sender cancels, and one whose sender leaves', async () => {
    for (const cancel of [true, false]) {
      const { sees, eve } = await meet();
      const transferId = eve.sendFile(randomBytes(200_000), {}, { complete: false, chunk: (index, chunk) => (index === 3 ? undefined : chunk) });
      const { offer } = await first(sees, 'file-offer');
      const sink = memorySink();
      const receiving = offer.accept(sink);
      if (cancel) eve.send(ARTHAS.fileCancel, { transferId });
      else await eve.close();
      expect(await codeOfAsync(receiving.done)).toBe(cancel ? 'TRANSFER_CANCELLED' : 'MEMBER_LEFT');
      expect(sink.state).toBe('aborted');
    }
  });

  test('one that is too large, or lies about its size, is not offered', async () => {
    const { sees, eve } = await meet();
    eve.sendFile(new Uint8Array(10), { fileSize: MAX_FILE + 1, totalChunks: 81 });
    eve.sendFile(new Uint8Array(10), { fileSize: 0 });
    eve.sendFile(new Uint8Array(10), { totalChunks: 4_000_000_000 });
    eve.say({ text: 'done' });
    await heard(sees, 'done');
    expect(sees.events.some(({ type }) => type === 'file-offer')).toBe(false);
  });

  test('that nobody has answered are kept in bounds', async () => {
    const { sees, eve } = await meet();
    const offers = () => sees.events.flatMap((event) => (event.type === 'file-offer' ? [event.offer] : []));
    for (let count = 0; count < 6; count++) eve.sendFile(new Uint8Array(MAX_FILE));
    await sees.until(() => sees.errors().length > 0, 'the refusal');
    expect(offers()).toHaveLength(5);
    expect(sees.errors()).toEqual(['TRANSFER_LIMIT']);
    offers()[0]?.decline();
    await eve.until(ARTHAS.relayedAck);
    eve.sendFile(new Uint8Array(1000));
    await sees.until(() => offers().length === 6, 'another');
  });

  test('a sink that fails ends it here', async () => {
    const { sees, eve } = await meet();
    eve.sendFile(randomBytes(200_000));
    const { offer } = await first(sees, 'file-offer');
    const receiving = offer.accept(new WritableStream<Uint8Array>({ write: () => Promise.reject(new Error('full')) }));
    expect(await codeOfAsync(receiving.done)).toBe('SINK_FAILED');
    expect(receiving.state).toBe('failed');
  });
});

const flipped = (bytes: Uint8Array) => Buffer.from(bytes).map((byte, index) => (index === 5 ? byte ^ 1 : byte));

test('what came before we were let in, and was withdrawn by then, leaves nothing behind', async () => {
  const key = randomBytes(32);
  const about = { senderId: 'aaaaaaaa', transferId: 't'.repeat(21) };
  const { iv, data } = seal(key, Buffer.from(JSON.stringify({ transferId: about.transferId, fileName: 'x', fileSize: 5, mimeType: 'x/y', totalChunks: 1 })));
  const early = await startFakeRelay((client, { roomId }) => {
    const members = [{ id: about.senderId, name: 'Eve', color: '' }, { id: 'bbbbbbbb', name: 'Ada', color: '' }];
    client.send(frame(ARTHAS.relayedMeta, { ...about, senderName: 'Eve', iv: iv.toString('base64url'), ciphertext: data, t: Date.now() }));
    client.send(frame(ARTHAS.relayedCancel, about));
    client.send(frame(ARTHAS.joined, { roomId, members, hasPassword: false, ephemeral: 0, expiresAt: 0 }));
  });
  const room = await joinRoom({ relay: early.url, code: `${'r'.repeat(21)}:${key.toString('base64url')}`, name: 'Ada' });
  expect(room.members.map(({ name }) => name)).toEqual(['Ada', 'Eve']);
  expect(room.getSnapshot().offers).toEqual([]);
  await room.close();
  await early.close();
});

describe('our files', () => {
  test('have a limit, told before anything is sent', async () => {
    const { room, eve } = await meet();
    let read = 0;
    const source = (size: number) => ({ size, read: (_: number, length: number) => ((read += length), Promise.resolve(new Uint8Array(length))) });
    expect(codeOf(() => room.sendFile(source(MAX_FILE + 1)))).toBe('TOO_LARGE');
    expect(codeOf(() => room.sendFile(new Uint8Array(0)))).toBe('UNSUPPORTED');
    expect(codeOf(() => room.sendFile(source(5), { to: [eve.id] }))).toBe('UNSUPPORTED');
    expect(read).toBe(0);
    async function* endless() {
      for (;;) yield new Uint8Array(100_000);
    }
    expect(await codeOfAsync(room.sendFile(endless()).done)).toBe('TOO_LARGE');
    async function* empty() {}
    expect(await codeOfAsync(room.sendFile(empty()).done)).toBe('UNSUPPORTED');
    expect(eve.frames.some(({ type }) => type === ARTHAS.relayedMeta)).toBe(false);
    // The limit itself.
    const transfer = room.sendFile(source(MAX_FILE));
    const { transferId } = await eve.until(ARTHAS.relayedComplete);
    expect(transferId).toBe(transfer.id);
    eve.send(ARTHAS.fileAck, { transferId });
    await transfer.done;
    expect(eve.frames.filter(({ type }) => type === ARTHAS.relayedChunk)).toHaveLength(80);
    expect(transfer.progress).toMatchObject({ bytes: MAX_FILE, total: MAX_FILE, receivers: [{ member: eve.id, state: 'done' }] });
    expect(relay.told.every(({ size }) => size <= MAX_FRAME)).toBe(true);
  });

  test('are what the wire document says, with pauses for receivers that race', async () => {
    const { room, eve } = await meet();
    const file = randomBytes(150_000);
    const times: Record<string, number> = {};
    const timed = (name: string, type: number, test?: (data: Record<string, unknown>) => boolean) => eve.until(type, test).then((data) => ((times[name] = performance.now()), data));
    const frames = Promise.all([
      timed('meta', ARTHAS.relayedMeta),
      timed('first', ARTHAS.relayedChunk),
      timed('last', ARTHAS.relayedChunk, (data) => data['index'] === 2),
      timed('complete', ARTHAS.relayedComplete),
    ]);
    const transfer = room.sendFile(new Blob([file], { type: 'audio/webm' }), { name: 'voice.webm', voiceSeconds: 2 });
    const [meta] = await frames;
    expect((times['first'] ?? 0) - (times['meta'] ?? 0)).toBeGreaterThan(30);
    expect((times['complete'] ?? 0) - (times['last'] ?? 0)).toBeGreaterThan(30);
    expect(typeof meta['iv']).toBe('string');
    expect(meta['ciphertext']).toBeInstanceOf(Uint8Array);
    const told = JSON.parse(eve.open(meta['iv'] as string, meta['ciphertext'] as Uint8Array).toString()) as Record<string, unknown>;
    expect(told).toMatchObject({
      transferId: transfer.id, fileName: 'voice.webm', fileSize: file.length, mimeType: 'audio/webm', totalChunks: 3, isVoice: true, duration: 2,
    });
    const chunks = eve.frames.filter(({ type }) => type === ARTHAS.relayedChunk).map(({ data }) => data as { index: number; iv: Uint8Array; data: Uint8Array });
    expect(chunks.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(Buffer.concat(chunks.map(({ iv, data }) => eve.open(iv, data))).equals(file)).toBe(true);
    expect(new Set(chunks.map(({ iv }) => Buffer.from(iv).toString('hex'))).size).toBe(3);
    expect(transfer.state).toBe('running');
    eve.send(ARTHAS.fileAck, { transferId: transfer.id });
    await transfer.done;
  });

  test('do not survive a lost connection; the room does, and what waits goes out then', async () => {
    const { room, sees, eve } = await meet();
    const stuck = { size: 200_000, read: () => new Promise<never>(() => undefined) };
    const running = room.sendFile(stuck);
    const queued = room.sendFile(randomBytes(1000));
    await eve.until(ARTHAS.relayedMeta);
    eve.sendFile(randomBytes(100_000), {}, { complete: false, chunk: (index, chunk) => (index === 0 ? chunk : undefined) });
    const { offer } = await first(sees, 'file-offer');
    const receiving = offer.accept(memorySink());
    relay.drop();
    expect(await codeOfAsync(running.done)).toBe('CONNECT_FAILED');
    expect(await codeOfAsync(receiving.done)).toBe('CONNECT_FAILED');
    await sees.until((events) => events.filter((event) => event.type === 'status' && event.status === 'open').length >= 1 && room.status === 'open', 'coming back');
    const back = await joinArthas(relay.url, room.code, 'Eve again');
    closing.push(back);
    const { id } = await room.send('still here');
    expect(room.getSnapshot().messages.at(-1)).toMatchObject({ id, accepted: true, from: { id: room.selfId } });
    const { transferId } = await back.until(ARTHAS.relayedComplete);
    expect(transferId).toBe(queued.id);
    back.send(ARTHAS.fileAck, { transferId });
    await queued.done;
  });

  test('leave room for what is said: little of them waits in the socket', async () => {
    const { room, sees, eve } = await (async () => {
      const { room, sees } = await create({ WebSocket: SlowSocket as unknown as WebSocketConstructor });
      const eve = await joinArthas(relay.url, room.code, 'Eve');
      closing.push(eve);
      await first(sees, 'member-joined');
      return { room, sees, eve };
    })();
    SlowSocket.extra = 1_000_000;
    const held = new Promise<void>((resolve) => {
      let looks = 0;
      SlowSocket.onLook = () => (looks += 1) === 3 && resolve();
    });
    const transfer = room.sendFile(randomBytes(500_000));
    await eve.until(ARTHAS.relayedMeta);
    // A piece is ready, and waits.
    await held;
    await room.send('in between');
    await eve.until(ARTHAS.relayed, (data) => opened(eve, data)['text'] === 'in between');
    expect(eve.frames.some(({ type }) => type === ARTHAS.relayedChunk)).toBe(false);
    SlowSocket.extra = 0;
    const { transferId } = await eve.until(ARTHAS.relayedComplete);
    eve.send(ARTHAS.fileAck, { transferId });
    await transfer.done;
    expect(sees.errors()).toEqual([]);
  });
});

/** A socket whose buffer can be made to look full. */
class SlowSocket extends WebSocket {
  static extra = 0;
  /** Called each time somebody looks. */
  static onLook: () => void = () => undefined;
  constructor(url: string) {
    super(url);
    Object.defineProperty(this, 'bufferedAmount', { get: () => (SlowSocket.onLook(), SlowSocket.extra) });
  }
}

import { createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

import { decode } from '@msgpack/msgpack';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import type * as RoomApi from '../../js/room/index.js';
import { startEvilRelay, TYPE, type EvilRelay } from '../e2e/evil-relay.js';
import { startRelay, type Relay } from '../e2e/helpers.js';
import { memoryOf, recordInstances } from './instances.js';

/**
 * Searches the memory of the wasm instance for what a room knew. What JavaScript keeps in its own heap, such as the share code and
 * the messages of an open room, is out of our hands and of these tests.
 */
let relay: Relay;
let evil: EvilRelay;
let instances: WebAssembly.Instance[];
let api: typeof RoomApi;
/** Everything random that the wasm instance was given, oldest first: what its secret keys are made of. */
let draws: Buffer[];

beforeAll(async () => {
  relay = await startRelay(0, ['--joins-per-minute', '0']);
  evil = await startEvilRelay(relay.url);
});
afterAll(async () => {
  await evil.close();
  await relay.kill();
});
beforeEach(async () => {
  vi.resetModules();
  evil.meddler = undefined;
  draws = [];
  const draw = crypto.getRandomValues.bind(crypto);
  vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
    const filled = draw(array);
    if (filled instanceof Uint8Array) draws.push(Buffer.from(filled));
    return filled;
  });
  instances = recordInstances();
  api = await import('../../js/room/index.js');
  return () => vi.restoreAllMocks();
});

/** How many pieces of `bytes`, 16 bytes each, are in the memory. */
function found(bytes: Uint8Array): number {
  const memory = memoryOf(instances);
  const pieces = Array.from({ length: Math.floor(bytes.length / 16) }, (_, i) => bytes.subarray(16 * i, 16 * i + 16));
  return pieces.filter((piece) => memory.includes(Buffer.from(piece))).length;
}

const utf8 = (text: string) => new TextEncoder().encode(text);

/** A text nobody else has, so that finding it means something. */
const marker = (length: number) => randomBytes(length).toString('hex').slice(0, length);

/** `docs/protocol.md` section 2, by Node. */
function derive(key: Uint8Array, label: string, ...context: Uint8Array[]): Buffer {
  return Buffer.from(hkdfSync('sha256', key, 'hushroom/1', Buffer.concat([utf8(label), Buffer.of(0), ...context]), 32));
}

/** Two who know each other, and the secrets of their room. */
async function meet() {
  const ada = await api.createRoom({ relay: evil.url, name: 'Ada' });
  const joined = next(ada, 'member-joined');
  const grace = await api.joinRoom({ relay: evil.url, code: ada.code, name: 'Grace' });
  await joined;
  const [, roomId = '', keyText = ''] = ada.code.split(':');
  const key = Buffer.from(keyText, 'base64url');
  const postKey = (room: RoomApi.Room) => derive(key, 'post', utf8(roomId), Buffer.from(room.selfId, 'base64url'));
  return { ada, grace, roomId, key, postKey, code: ada.code, token: derive(key, 'admission', utf8(roomId)) };
}

/** The next event of this kind. */
async function next<T extends RoomApi.RoomEvent['type']>(room: RoomApi.Room, type: T): Promise<Extract<RoomApi.RoomEvent, { type: T }>> {
  for await (const event of room.events()) {
    if (event.type === type && !('fromSelf' in event && event.fromSelf)) return event as Extract<RoomApi.RoomEvent, { type: T }>;
  }
  throw new Error('the room ended');
}

/** Frames of this type that went up, decoded. */
function sent(type: number): Record<string, unknown>[] {
  const frames = evil.recorded.filter((frame) => frame.direction === 'up' && frame.type === type);
  return frames.map(({ bytes }) => (decode(bytes) as { data: Record<string, unknown> }).data);
}

/** `docs/protocol.md` section 4: the key of a file's segments. */
function segmentKey(key: Uint8Array, salt: Uint8Array, roomId: string, transferId: string): Buffer {
  const aad = Buffer.concat([utf8('hushroom/1 file\0'), utf8(roomId), Buffer.from(transferId, 'base64url')]);
  return Buffer.from(hkdfSync('sha256', key, salt, aad, 32));
}

/** Whether `key` opens the first cell of a file, of several: header, segment, tag. */
function opens(key: Uint8Array, cell: Buffer): boolean {
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.concat([cell.subarray(33, 40), Buffer.alloc(5)]));
  decipher.setAuthTag(cell.subarray(-16));
  try {
    decipher.update(cell.subarray(40, -16));
    decipher.final();
    return true;
  } catch {
    return false;
  }
}

describe('the keys of a room', () => {
  test('are there while it is open, and gone when it is closed', async () => {
    const { ada, grace, key, code, token, postKey } = await meet();
    expect(found(token), 'the search finds what an open room needs').toBeGreaterThan(0);
    const own = [postKey(ada), postKey(grace)];
    for (const each of own) expect(found(each)).toBeGreaterThan(0);
    // Everything is derived from it at the start.
    expect(found(key)).toBe(0);
    expect(found(utf8(code))).toBe(0);
    await ada.close();
    await grace.close();
    for (const each of [token, ...own, key, utf8(code), utf8(key.toString('base64url'))]) expect(found(each)).toBe(0);
  });

  test('and what they were made of are all gone when it is closed', async () => {
    const { ada, grace } = await meet();
    const heard = next(grace, 'message');
    await ada.send('a sender key and an answer to it');
    await heard;
    // Share code, device seeds, and the seeds of the generator that identity, one-time and sender keys come from.
    const seeds = draws.filter(({ length }) => length >= 32);
    expect(seeds.length).toBeGreaterThan(10);
    expect(found(seeds.at(-1)!), 'the search finds the seed that the generator has now').toBeGreaterThan(0);
    await Promise.all([ada.close(), grace.close()]);
    // Of the last one nothing has been made.
    expect(draws.filter(({ length }) => length >= 32).slice(0, -1).filter((seed) => found(seed) > 0)).toEqual([]);
  });

  test('of a room that could not be entered are gone too', async () => {
    const key = randomBytes(32);
    const roomId = marker(21);
    const code = `hush1:${roomId}:${key.toString('base64url')}`;
    await expect(api.joinRoom({ relay: evil.url, code, name: 'Ada' })).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
    await expect(api.joinRoom({ relay: evil.url, code, name: '' })).rejects.toMatchObject({ code: 'INVALID_NAME' });
    for (const secret of [key, utf8(code), derive(key, 'admission', utf8(roomId))]) expect(found(secret)).toBe(0);
  });
});

describe('what is said', () => {
  test('is gone once it was sent and received, in a room that is open', async () => {
    const { ada, grace } = await meet();
    const [text, name, emoji] = [marker(500), marker(60), marker(32)];
    const heard = next(grace, 'message');
    const { id } = await ada.send(text);
    expect((await heard).message.text).toBe(text);
    const reacted = next(ada, 'reaction');
    await grace.react(id, emoji);
    expect((await reacted).emoji).toBe(emoji);
    const offered = next(grace, 'file-offer');
    const transfer = ada.sendFile(new Uint8Array(1000), { name });
    const { offer } = await offered;
    expect(offer.name).toBe(name);
    offer.decline();
    await expect(transfer.done).rejects.toMatchObject({ code: 'TRANSFER_DECLINED' });
    for (const secret of [text, name, emoji]) expect(found(utf8(secret))).toBe(0);
    await Promise.all([ada.close(), grace.close()]);
    for (const secret of [text, name, emoji]) expect(found(utf8(secret))).toBe(0);
  });

  test('is there while it waits for somebody who is just coming, and gone once it was sent', async () => {
    const ada = await api.createRoom({ relay: evil.url, name: 'Ada' });
    const [before, text] = [evil.recorded.length, marker(500)];
    // The newcomer does not get to say who it is: Ada waits for that in vain.
    evil.meddler = ({ type, bytes }) => (type === TYPE.post ? [] : [bytes]);
    const grace = await api.joinRoom({ relay: evil.url, code: ada.code, name: 'Grace' });
    await expect.poll(() => evil.recorded.slice(before).some(({ type }) => type === TYPE.memberJoined)).toBe(true);
    evil.meddler = undefined;
    // Once Ada has read this, she has read what came before it.
    const read = next(ada, 'error');
    evil.inject(Uint8Array.of(0xc1));
    await read;
    const sending = ada.send(text);
    expect(found(utf8(text)), 'the search finds what waits to be sealed').toBeGreaterThan(0);
    await sending;
    expect(found(utf8(text))).toBe(0);
    await Promise.all([ada.close(), grace.close()]);
  });
});

describe('files', () => {
  test.each(['done', 'cancelled', 'closed'] as const)('the key of one that is %s is gone, and its bytes were never there', async (end) => {
    const { ada, grace, roomId } = await meet();
    const file = randomBytes(500_000);
    const offered = next(grace, 'file-offer');
    const [drawnBefore, sentBefore] = [draws.length, sent(TYPE.bulk).length];
    const transfer = ada.sendFile(file);
    const { offer } = await offered;
    const drawn = draws.slice(drawnBefore).filter(({ length }) => length === 32);
    const held = drawn.filter((key) => found(key) > 0);
    const over = transfer.done.then(() => undefined, (error: { code: string }) => error.code);
    const parts: Uint8Array[] = [];
    const sink = new WritableStream<Uint8Array>({
      async write(chunk) {
        parts.push(chunk);
        if (end !== 'done') await over;
      },
    });
    const received = offer.accept(sink).done.then(() => undefined, (error: { code: string }) => error.code);
    if (end === 'done') {
      expect([await received, await over]).toEqual([undefined, undefined]);
      expect(Buffer.concat(parts).equals(file)).toBe(true);
    } else {
      await expect.poll(() => parts.length).toBeGreaterThan(0);
      if (end === 'cancelled') transfer.cancel();
      else await Promise.all([ada.close(), grace.close()]);
      expect([await received, await over]).toEqual(end === 'closed' ? ['CLOSED', 'CLOSED'] : ['TRANSFER_CANCELLED', 'TRANSFER_CANCELLED']);
    }
    // Which of what was drawn is the key? The one that opens what went over the wire.
    const cell = Buffer.from(sent(TYPE.bulk)[sentBefore]?.['body'] as Uint8Array);
    const key = drawn.find((each) => opens(segmentKey(each, cell.subarray(1, 33), roomId, transfer.id), cell));
    if (key === undefined) throw new Error('the key of the file was not drawn');
    expect(held, 'the search finds the key of a file that is offered').toContain(key);
    const secrets = [key, segmentKey(key, cell.subarray(1, 33), roomId, transfer.id), file.subarray(0, 4096), file.subarray(-4096)];
    for (const secret of secrets) expect(found(secret)).toBe(0);
    await Promise.all([ada.close(), grace.close()]);
    for (const secret of secrets) expect(found(secret)).toBe(0);
  });
});

describe('an Arthas room', () => {
  test('has its one key in memory while it is open, and nothing of it afterwards', async () => {
    const password = marker(20);
    const hash = utf8(createHash('sha256').update(password).digest('hex'));
    const ada = await api.createRoom({ relay: relay.url, protocol: 'arthas', name: 'Ada', password });
    const joined = next(ada, 'member-joined');
    const grace = await api.joinRoom({ relay: relay.url, code: ada.code, name: 'Grace', password });
    await joined;
    const [, keyText = ''] = ada.code.split(':');
    const key = Buffer.from(keyText, 'base64url');
    expect(found(key), 'the search finds what an open room needs').toBeGreaterThan(0);
    const [text, name, emoji] = [marker(500), marker(60), marker(32)];
    const heard = next(grace, 'message');
    await ada.send(text);
    const { message } = await heard;
    expect(message.text).toBe(text);
    const reacted = next(ada, 'reaction');
    await grace.react(message.id, emoji);
    await reacted;
    const file = randomBytes(500_000);
    const offered = next(grace, 'file-offer');
    const transfer = ada.sendFile(file, { name });
    const { offer } = await offered;
    await Promise.all([offer.accept(api.blobSink(offer)).done, transfer.done]);
    // Bytes of files stay outside where the platform's ciphers can be had.
    expect(found(file.subarray(0, 4096))).toBe(0);
    expect(found(file.subarray(-4096))).toBe(0);
    expect(found(utf8(password))).toBe(0);
    const { code } = ada;
    await Promise.all([ada.close(), grace.close()]);
    for (const secret of [key, hash, utf8(code), utf8(keyText), utf8(text), utf8(name), utf8(emoji)]) expect(found(secret)).toBe(0);
  });
});

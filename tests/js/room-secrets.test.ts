import { createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

import { decode } from '@msgpack/msgpack';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import type * as RoomApi from '../../js/room/index.js';
import { startEvilRelay, TYPE, type EvilRelay } from '../e2e/evil-relay.js';
import { startRelay, type Relay } from '../e2e/helpers.js';

/**
 * Searches the memory of the wasm instance for what a room knew. What JavaScript keeps in its own heap, such as the share code and
 * the messages of an open room, is out of our hands and of these tests.
 */
let relay: Relay;
let evil: EvilRelay;
let instances: WebAssembly.Instance[];
let api: typeof RoomApi;

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
  instances = [];
  const { Instance } = WebAssembly;
  vi.spyOn(WebAssembly, 'Instance').mockImplementation(function (module, imports) {
    const instance = new Instance(module, imports);
    instances.push(instance);
    return instance;
  });
  api = await import('../../js/room/index.js');
  return () => vi.restoreAllMocks();
});

/** How many pieces of `bytes`, 16 bytes each, are in the memory. */
function found(bytes: Uint8Array): number {
  expect(instances).toHaveLength(1);
  const memory = Buffer.from((instances[0]!.exports['memory'] as WebAssembly.Memory).buffer);
  const pieces = Array.from({ length: Math.floor(bytes.length / 16) }, (_, i) => bytes.subarray(16 * i, 16 * i + 16));
  return pieces.filter((piece) => memory.includes(Buffer.from(piece))).length;
}

/** The event of `docs/protocol.md` section 8. */
const FILE_OFFER = 16;

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

/** What the members posted, opened as `docs/protocol.md` section 7 says. */
function opened({ key, roomId }: { key: Uint8Array; roomId: string }): { type: number; data: Record<string, unknown> }[] {
  const posts = evil.recorded.filter(({ direction, type }) => direction === 'up' && type === TYPE.post);
  return posts.flatMap(({ bytes }) => {
    const { data } = decode(bytes) as { data: { body: Uint8Array } };
    const body = Buffer.from(data.body);
    const header = body.subarray(0, 26 + 16 * (body[25] ?? 0));
    const nonce = Buffer.concat([Buffer.alloc(4), header.subarray(17, 25)]);
    const decipher = createDecipheriv('aes-256-gcm', derive(key, 'post', utf8(roomId), header.subarray(1, 17)), nonce);
    decipher.setAAD(Buffer.concat([utf8(roomId), header]));
    decipher.setAuthTag(body.subarray(-16));
    try {
      const inner = Buffer.concat([decipher.update(body.subarray(header.length, -16)), decipher.final()]);
      const event = inner.subarray(1 + 64 + 8, inner.lastIndexOf(0x80));
      return [decode(event) as { type: number; data: Record<string, unknown> }];
    } catch {
      // A post of another room of this file.
      return [];
    }
  });
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
    const met = await meet();
    const { ada, grace } = met;
    const [text, name, emoji] = [marker(500), marker(60), marker(32)];
    const heard = next(grace, 'message');
    const { id } = await ada.send(text);
    expect((await heard).message.text).toBe(text);
    const reacted = next(ada, 'reaction');
    await grace.react(id, emoji);
    await reacted;
    const offered = next(grace, 'file-offer');
    const transfer = ada.sendFile(new Uint8Array(1000), { name });
    (await offered).offer.decline();
    await expect(transfer.done).rejects.toMatchObject({ code: 'TRANSFER_DECLINED' });
    expect(opened(met).some(({ data }) => data['text'] === text), 'it was said').toBe(true);
    for (const secret of [text, name, emoji]) expect(found(utf8(secret))).toBe(0);
    await Promise.all([ada.close(), grace.close()]);
    for (const secret of [text, name, emoji]) expect(found(utf8(secret))).toBe(0);
  });
});

describe('files', () => {
  test.each(['done', 'cancelled', 'closed'] as const)('the key of one that is %s is gone, and its bytes were never there', async (end) => {
    const met = await meet();
    const { ada, grace } = met;
    const file = randomBytes(500_000);
    const offered = next(grace, 'file-offer');
    const transfer = ada.sendFile(file);
    const { offer } = await offered;
    const sealed = opened(met).find(({ type }) => type === FILE_OFFER)?.data ?? {};
    const key = sealed['key'] as Uint8Array;
    expect(key).toHaveLength(32);
    expect(found(key), 'the search finds the key of a file that is offered').toBeGreaterThan(0);
    const commitment = derive(key, 'file commitment', Buffer.from(transfer.id, 'base64url'));
    expect(commitment.equals(sealed['commitment'] as Uint8Array)).toBe(true);
    const salt = (sealed['header'] as Uint8Array).subarray(1, 33);
    const aad = Buffer.concat([utf8('hushroom/1 file\0'), utf8(met.roomId), Buffer.from(transfer.id, 'base64url')]);
    const segmentKey = Buffer.from(hkdfSync('sha256', key, salt, aad, 32));
    const parts: Uint8Array[] = [];
    const sink = new WritableStream<Uint8Array>({ write: (chunk) => void parts.push(chunk) });
    if (end === 'done') {
      const receiving = offer.accept(sink);
      await Promise.all([receiving.done, transfer.done]);
      expect(Buffer.concat(parts).equals(file)).toBe(true);
    } else if (end === 'cancelled') {
      const withdrawn = next(grace, 'file-withdrawn');
      transfer.cancel();
      await withdrawn;
    } else {
      await Promise.all([ada.close(), grace.close()]);
    }
    expect(found(key)).toBe(0);
    expect(found(segmentKey)).toBe(0);
    expect(found(file.subarray(0, 4096))).toBe(0);
    expect(found(file.subarray(-4096))).toBe(0);
    await Promise.all([ada.close(), grace.close()]);
    expect(found(key)).toBe(0);
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

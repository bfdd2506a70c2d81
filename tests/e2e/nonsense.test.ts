import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRoom, isHushError, joinRoom } from '../../js/room/index.js';
import type { HushErrorCode } from '../../js/index.js';
import { codeOfAsync } from '../js/helpers.js';
import { startEvilRelay, TYPE } from './evil-relay.js';
import { frame, roomJoined, startFakeRelay } from './fake-relay.js';
import { startRelay, type Relay } from './helpers.js';
import { meet, watch } from './watch.js';

const MIB = 1024 * 1024;
const FRAMES = 10_000;
const OTHER_ROOM = 'x'.repeat(21);

let relay: Relay;

beforeAll(async () => {
  relay = await startRelay(0, ['--joins-per-minute', '0']);
});
afterAll(() => relay.kill());

/** A post as somebody without the key would make one: a right header with `count` receivers, and random bytes. */
const forgedPost = (count = 0) => Buffer.concat([Buffer.of(1), randomBytes(24), Buffer.of(count), randomBytes(200)]);

/** Bytes in use once nothing unused is left. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('a flood into an open room', () => {
  // What the first frame of each says, and the code that answers it.
  const floods: readonly (readonly [string, () => Uint8Array | string, string | undefined])[] = [
    ['random bytes', () => randomBytes(100), 'INVALID_FRAME'],
    ['empty frames', () => new Uint8Array(), 'INVALID_FRAME'],
    ['text', () => 'hello {"type":1}', 'INVALID_FRAME'],
    ['claims of four billion entries', () => Buffer.from('82a474797065' + '50' + 'a464617461' + 'dfffffffff', 'hex'), 'INVALID_FRAME'],
    ['claims of a body of four billion bytes', () => Buffer.from('82a47479706550a46461746181a4626f6479c6ffffffff', 'hex'), 'INVALID_FRAME'],
    ['deep nesting', () => Buffer.concat([Buffer.from('82a47479706550a464617461', 'hex'), Buffer.alloc(1000, 0x91)]), 'INVALID_FRAME'],
    ['another room', () => roomJoined(OTHER_ROOM), 'RELAY_PROTOCOL'],
    ['posts nobody sealed', () => frame(TYPE.posted, { seq: 0, t: 0, from: '00000009', body: forgedPost() }), 'DECRYPT_FAILED'],
    ['posts for others', () => frame(TYPE.posted, { seq: 0, t: 0, from: '00000009', body: forgedPost(1) }), 'MISDIRECTED'],
    ['pieces of no file', () => frame(TYPE.bulkFrom, { from: '00000009', stream: 1, offset: 0, body: randomBytes(200) }), undefined],
    ['windows of no file', () => frame(TYPE.windowFrom, { from: '00000009', stream: 1, delivered: 0, limit: 9e15 }), undefined],
    ['answers to nothing', () => frame(TYPE.accepted, { n: 4_000_000_000, seq: 1, t: 0 }), undefined],
    ['refusals of nothing', () => frame(TYPE.error, { code: 'E004', msg: 'x', n: 4_000_000_000, retryAfter: 60_000 }), undefined],
    ['errors nobody knows', () => frame(TYPE.error, { code: 'E999', msg: 'x' }), 'RELAY_REFUSED'],
    ['members without end', () => frame(0x12, { id: randomBytes(8).toString('hex'), name: '', color: '' }), undefined],
    ['pings', () => frame(TYPE.ping, { t: Date.now() }), undefined],
    ['frames of a later version', () => frame(0x7f, { a: 1 }), undefined],
  ];

  it.each(floods)('%s: bounded memory, and the room goes on', async (_, make, code) => {
    const evil = await startEvilRelay(relay.url);
    const { ada, adaSees, grace, close } = await meet(relay.url, evil.url);
    // The honest relay must not be flooded with our answers.
    evil.meddler = ({ direction, type, bytes }) => (direction === 'up' && type === 0x06 ? [] : [bytes]);
    const codes = new Set<string>();
    let texts = 0;
    const heard = new Promise<void>((resolve) => {
      void (async () => {
        for await (const event of grace.events()) {
          if (event.type === 'error') codes.add(event.error.code);
          if (event.type === 'message' && !event.fromSelf && ++texts === 2) resolve();
        }
      })().catch((error: unknown) => codes.add(isHushError(error) ? error.code : 'no HushError'));
    });
    evil.inject(make());
    await ada.send('before');
    const before = memoryInUse();
    for (let sent = 0; sent < FRAMES; sent += 100) {
      for (let i = 0; i < 100; i++) evil.inject(make());
      await new Promise(setImmediate);
    }
    await grace.send('still here');
    await adaSees.until(() => adaSees.texts().includes('still here'), 'an answer');
    expect(memoryInUse() - before).toBeLessThan(16 * MIB);
    expect(grace.status).toBe('open');
    if (code === undefined) expect([...codes]).toEqual([]);
    else expect([...codes]).toContain(code);
    await ada.send('after');
    await heard;
    await close();
    await evil.close();
  });

  it('frames above the limit are refused unread', async () => {
    const evil = await startEvilRelay(relay.url);
    const { ada, graceSees, close } = await meet(relay.url, evil.url);
    for (let i = 0; i < 50; i++) evil.inject(Buffer.alloc(200_000, 0x81));
    await graceSees.until(() => graceSees.errors().length === 50, '50 errors');
    expect(new Set(graceSees.errors())).toEqual(new Set(['FRAME_TOO_LARGE']));
    await ada.send('and on');
    await graceSees.until(() => graceSees.texts().length === 1, 'a text');
    await close();
    await evil.close();
  });

  it('a message far above the limit breaks the connection, which comes back', async () => {
    const evil = await startEvilRelay(relay.url);
    const { ada, grace, graceSees, close } = await meet(relay.url, evil.url);
    evil.inject(Buffer.alloc(2 * MIB));
    const states = () => graceSees.events.flatMap((event) => (event.type === 'status' ? [event.status] : []));
    await graceSees.until(() => states().at(-1) === 'open', 'the connection');
    expect(states()).toEqual(['reconnecting', 'open']);
    await ada.send('and on');
    await graceSees.until(() => graceSees.texts().length === 1, 'a text');
    expect(grace.members).toHaveLength(2);
    await close();
    await evil.close();
  });

  it('events that nobody reads are bounded, and their loss is told', async () => {
    const evil = await startEvilRelay(relay.url);
    const { grace, close, graceSees } = await meet(relay.url, evil.url);
    const unread = grace.events();
    for (let i = 0; i < 2000; i++) evil.inject('nonsense');
    await graceSees.until(() => graceSees.errors().length >= 2000 || graceSees.errors().includes('MESSAGES_LOST'), 'the flood');
    let read = 0;
    const reading = (async () => {
      for await (const _ of unread) read += 1;
    })();
    expect(await codeOfAsync(reading)).toBe('MESSAGES_LOST');
    expect(read).toBeLessThanOrEqual(1024);
    await close();
    await evil.close();
  });
});

describe('what is no relay', () => {
  const code = `hush1:${OTHER_ROOM}:${'A'.repeat(43)}`;
  const join = (url: string) => codeOfAsync(joinRoom({ relay: url, code, name: 'Ada' }));

  it('a closed port', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(await join(`ws://127.0.0.1:${port}/ws`)).toBe('CONNECT_FAILED');
  });

  it('a server that takes the connection and says nothing', async () => {
    const sockets = new Set<Socket>();
    const server = createTcpServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    expect(await join(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`)).toBe('CONNECT_FAILED');
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('a web server, TLS where there is none, another path', async () => {
    const server = createServer((_, response) => {
      response.end('hello');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await join(`ws://127.0.0.1:${port}/ws`)).toBe('CONNECT_FAILED');
    expect(await join(`wss://127.0.0.1:${port}/ws`)).toBe('CONNECT_FAILED');
    expect(await join(`wss://127.0.0.1:${relay.port}/ws`)).toBe('CONNECT_FAILED');
    expect(await join(`ws://127.0.0.1:${relay.port}/elsewhere`)).toBe('CONNECT_FAILED');
    server.closeAllConnections();
    server.close();
  });

  it.each<[string, () => Uint8Array | string, HushErrorCode]>([
    ['random bytes', () => randomBytes(100), 'INVALID_FRAME'],
    ['text', () => 'hello', 'INVALID_FRAME'],
    ['a frame above the limit', () => Buffer.alloc(140_000), 'FRAME_TOO_LARGE'],
    ['another room', () => roomJoined(OTHER_ROOM.replace('x', 'y')), 'RELAY_PROTOCOL'],
    ['a post before the entry', () => frame(TYPE.posted, { seq: 1, t: 0, from: 'a', body: randomBytes(9) }), 'RELAY_PROTOCOL'],
    ['an error nobody knows', () => frame(TYPE.error, { code: 'E999', msg: '' }), 'RELAY_REFUSED'],
    ['that it speaks another protocol', () => frame(TYPE.error, { code: 'E024', msg: '' }), 'RELAY_LIMIT'],
    ['that it is too busy', () => frame(TYPE.error, { code: 'E004', msg: '', retryAfter: 5000 }), 'RATE_LIMITED'],
    ['that the room is over', () => frame(0x16, { reason: 'expired' }), 'ROOM_EXPIRED'],
  ])('something that answers with %s', async (_, answer, expected) => {
    const fake = await startFakeRelay((client) => client.send(answer()));
    expect(await join(fake.url)).toBe(expected);
    await fake.close();
  });

  it('something that closes the connection at once', async () => {
    const fake = await startFakeRelay((client) => client.close(1011));
    expect(await join(fake.url)).toBe('CONNECT_FAILED');
    await fake.close();
  });

  it('a relay that talks nonsense once the room is open', async () => {
    const fake = await startFakeRelay((client, { roomId }) => {
      client.send(roomJoined(roomId));
      setImmediate(() => client.send(frame(0x16, {})));
    });
    const room = await createRoom({ relay: fake.url, name: 'Ada' });
    const sees = watch(room);
    await sees.until(() => room.status === 'closed', 'the end');
    expect(room.closeReason?.code).toBe('ROOM_NOT_FOUND');
    expect(await codeOfAsync(room.send('too late'))).toBe('ROOM_NOT_FOUND');
    await room.close();
    await fake.close();
  });
});

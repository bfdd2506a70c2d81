import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { generateShareCode, parseShareCode } from '../../js/index.js';
import { blobSink, createRoom, isHushError, joinRoom, opfsSink, pickerSink, saveFile } from '../../js/room/index.js';
import type { FileSink, RandomAccessSource } from '../../js/room/index.js';
import { codeOf, codeOfAsync } from '../js/helpers.js';
import { startRelay, type Relay } from './helpers.js';
import { meet, memorySink, watch } from './watch.js';

let relay: Relay;

beforeAll(async () => {
  relay = await startRelay(0, ['--joins-per-minute', '0', '--posts-per-second', '0', '--grace-seconds', '1']);
});
afterAll(() => relay.kill());

describe('entering', () => {
  const create = (options: Partial<Parameters<typeof createRoom>[0]> = {}) => createRoom({ relay: relay.url, name: 'Ada', ...options });
  const join = (code: string, name = 'Grace') => joinRoom({ relay: relay.url, code, name });

  it('a code of another key, of no room, of another protocol, of nothing', async () => {
    const room = await create();
    const { roomId } = parseShareCode(room.code);
    const { key } = parseShareCode(generateShareCode());
    expect(await codeOfAsync(join(`hush1:${roomId}:${Buffer.from(key).toString('base64url')}`))).toBe('ADMISSION_DENIED');
    expect(await codeOfAsync(join(generateShareCode()))).toBe('ROOM_NOT_FOUND');
    expect(await codeOfAsync(join(generateShareCode({ protocol: 'arthas' })))).toBe('ROOM_NOT_FOUND');
    for (const code of ['', 'hush1:', roomId, `${room.code}=`, `${room.code}:x`, 'https://example.com/', 'x'.repeat(100_000)]) {
      expect(await codeOfAsync(join(code)), code.slice(0, 80)).toBe('INVALID_SHARE_CODE');
    }
    await room.close();
  });

  it('a full room', async () => {
    const room = await create({ maxMembers: 3 });
    const others = [await join(room.code), await join(room.code)];
    expect(await codeOfAsync(join(room.code))).toBe('ROOM_FULL');
    await Promise.all([room, ...others].map((one) => one.close()));
  });

  it('a room whose time is over', async () => {
    const room = await create({ expirySeconds: 1 });
    const sees = watch(room);
    await sees.until(() => room.status === 'closed', 'the end');
    expect(room.closeReason?.code).toBe('ROOM_EXPIRED');
    expect(sees.events.at(-1)).toMatchObject({ type: 'status', status: 'closed', reason: { code: 'ROOM_EXPIRED' } });
    expect(await codeOfAsync(room.send('late'))).toBe('ROOM_EXPIRED');
    expect(['ROOM_EXPIRED', 'ROOM_NOT_FOUND']).toContain(await codeOfAsync(join(room.code)));
  });

  it('a relay that has enough rooms, and one that lets nobody in so fast', async () => {
    const small = await startRelay(0, ['--max-rooms', '1']);
    const room = await create({ relay: small.url });
    expect(await codeOfAsync(create({ relay: small.url }))).toBe('RELAY_LIMIT');
    await room.close();
    await small.kill();
    const slow = await startRelay(0, ['--joins-per-minute', '1', '--joins-burst', '1']);
    const first = await create({ relay: slow.url });
    expect(await codeOfAsync(joinRoom({ relay: slow.url, code: first.code, name: 'Grace' }))).toBe('RATE_LIMITED');
    await first.close();
    await slow.kill();
  });

  it('names and numbers that cannot be', async () => {
    for (const name of ['', ' ', '\n\u202e', 'x'.repeat(65), '\u{1f600}'.repeat(17)]) {
      expect(await codeOfAsync(create({ name })), name).toBe('INVALID_NAME');
    }
    expect(await codeOfAsync(create({ maxMembers: 1 }))).toBe('INVALID_ARGUMENT');
    await expect(create({ maxMembers: 51 })).rejects.toThrow(RangeError);
    await expect(create({ expirySeconds: 604_801 })).rejects.toThrow(RangeError);
    await expect(create({ relay: 'ftp://example.com' })).rejects.toThrow(TypeError);
    await expect(create({ relay: 'nowhere' })).rejects.toThrow(TypeError);
    await expect(create({ name: undefined as unknown as string })).rejects.toThrow(TypeError);
  });

  it('a signal ends it, before, during and after', async () => {
    const reason = new Error('enough');
    await expect(create({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const during = new AbortController();
    const creating = create({ signal: during.signal });
    during.abort(reason);
    await expect(creating).rejects.toBe(reason);
    const after = new AbortController();
    const room = await create({ signal: after.signal });
    const grace = await joinRoom({ relay: relay.url, code: room.code, name: 'Grace', signal: after.signal });
    after.abort(reason);
    expect([room.status, grace.status]).toEqual(['closed', 'closed']);
    await Promise.all([room.close(), grace.close()]);
  });
});

type Met = Awaited<ReturnType<typeof meet>>;
let met: Met;
const FILE = randomBytes(3_000_000);

describe('in a room', () => {
  beforeEach(async () => {
    met = await meet(relay.url);
  });
  afterEach(() => met.close());

  /** Offers a file of Ada's to Grace. */
  async function offer(source: Parameters<Met['ada']['sendFile']>[0] = FILE, options: Parameters<Met['ada']['sendFile']>[1] = {}) {
    const transfer = met.ada.sendFile(source, options);
    return { transfer, offered: await met.graceSees.offer() };
  }

  it('texts, answers and reactions that cannot be', async () => {
    const { ada } = met;
    const { id } = await ada.send('x'.repeat(60_000));
    expect(await codeOfAsync(ada.send('x'.repeat(1_048_577)))).toBe('TEXT_TOO_LONG');
    expect(await codeOfAsync(ada.send('\u00e9'.repeat(524_289)))).toBe('TEXT_TOO_LONG');
    expect(await codeOfAsync(ada.send(''))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(ada.send('x', { replyTo: 'no message' }))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(ada.react(id, ''))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(ada.react(id, 'x'.repeat(33)))).toBe('INVALID_ARGUMENT');
    await expect(ada.send(1 as unknown as string)).rejects.toThrow(TypeError);
  });

  it('closing twice, and everything afterwards', async () => {
    const { ada, grace, graceSees } = met;
    const transfer = ada.sendFile(FILE);
    await graceSees.offer();
    await Promise.all([ada.close(), ada.close()]);
    await ada.close();
    expect(ada.status).toBe('closed');
    expect(ada.closeReason).toBeUndefined();
    expect(await codeOfAsync(transfer.done)).toBe('CLOSED');
    expect(await codeOfAsync(ada.send('x'))).toBe('CLOSED');
    expect(await codeOfAsync(ada.react('x', 'y'))).toBe('CLOSED');
    expect(codeOf(() => ada.sendFile(FILE))).toBe('CLOSED');
    ada.typing();
    for await (const event of ada.events()) throw new Error(`an event of a closed room: ${event.type}`);
    await graceSees.until((events) => events.some(({ type }) => type === 'file-withdrawn'), 'the withdrawal');
    expect(grace.members).toHaveLength(1);
  });

  it('files for nobody, for strangers, too many', async () => {
    const { ada, grace } = met;
    expect(codeOf(() => ada.sendFile(FILE, { to: ['A'.repeat(22)] }))).toBe('UNKNOWN_MEMBER');
    expect(isHushError(error(() => ada.sendFile(FILE, { to: ['nobody'] })))).toBe(true);
    for (let i = 0; i < 16; i++) ada.sendFile(FILE);
    expect(codeOf(() => ada.sendFile(FILE))).toBe('TRANSFER_LIMIT');
    await grace.close();
    await met.adaSees.until(() => ada.members.length === 1, 'the farewell');
    expect(codeOf(() => ada.sendFile(FILE))).toBe('INVALID_STATE');
    expect(codeOf(() => ada.sendFile('/nowhere/at/all'))).toBe('SOURCE_FAILED');
  });

  it('answering twice, declining, withdrawing', async () => {
    const { transfer, offered } = await offer();
    const sink = memorySink();
    const receiving = offered.accept(sink);
    expect(codeOf(() => offered.accept(memorySink()))).toBe('INVALID_STATE');
    expect(codeOf(() => offered.decline())).toBe('INVALID_STATE');
    await Promise.all([receiving.done, transfer.done]);
    expect(sink.bytes().equals(FILE)).toBe(true);

    const second = met.ada.sendFile(FILE);
    const refused = await met.graceSees.until((events) => offers(events)[1], 'the second offer');
    refused.decline();
    expect(await codeOfAsync(second.done)).toBe('TRANSFER_DECLINED');
    expect(second.state).toBe('declined');

    const third = met.ada.sendFile(FILE);
    const withdrawn = await met.graceSees.until((events) => offers(events)[2], 'the third offer');
    third.cancel();
    expect(await codeOfAsync(third.done)).toBe('TRANSFER_CANCELLED');
    await met.graceSees.until((events) => events.some((event) => event.type === 'file-withdrawn' && event.offerId === third.id), 'the withdrawal');
    expect(codeOf(() => withdrawn.accept(memorySink()))).toBe('INVALID_STATE');
  });

  it('the receiver leaves', async () => {
    const { transfer, offered } = await offer();
    offered.accept(stuckSink());
    await met.adaSees.until(() => transfer.progress.receivers?.[0]?.state === 'running', 'the answer');
    await met.grace.close();
    expect(await codeOfAsync(transfer.done)).toBe('MEMBER_LEFT');
  });

  it('a sink that fails, at once, in the middle, and at its end', async () => {
    const broken = (at: 'write' | 'close'): FileSink => ({ ...memorySink(), [at]: () => Promise.reject(new Error('disk full')) });
    const writable = new Writable({ write: (_, __, done) => done(new Error('disk full')) });
    const sinks = [broken('write'), broken('close'), writable, new WritableStream<Uint8Array>({ write: () => Promise.reject(new Error('no')) })];
    for (const [index, sink] of sinks.entries()) {
      const transfer = met.ada.sendFile(FILE);
      const offered = await met.graceSees.until((events) => offers(events)[index], 'an offer');
      expect(await codeOfAsync(offered.accept(sink).done)).toBe('SINK_FAILED');
      expect(await codeOfAsync(transfer.done)).toBe('TRANSFER_CANCELLED');
    }
  });

  it('a sink that is too small, and sinks this platform does not have', async () => {
    const file = { name: 'x', mime: 'x/y', size: 2000 };
    expect(codeOf(() => blobSink(file, 1999))).toBe('SINK_TOO_LARGE');
    expect(codeOf(() => blobSink({ ...file, size: 300 * 1024 * 1024 }))).toBe('SINK_TOO_LARGE');
    expect(await codeOfAsync(pickerSink(file))).toBe('UNSUPPORTED');
    expect(await codeOfAsync(opfsSink(file))).toBe('UNSUPPORTED');
    expect(codeOf(() => saveFile(new Blob(['x']), 'x'))).toBe('UNSUPPORTED');
    const huge: RandomAccessSource = { size: 300 * 1024 * 1024, read: (_, length) => Promise.resolve(new Uint8Array(length)) };
    const { transfer, offered } = await offer(huge);
    // No sink was opened, so the offer is still there.
    expect(await codeOfAsync(offered.accept().done)).toBe('SINK_TOO_LARGE');
    expect(met.grace.getSnapshot().offers).toHaveLength(1);
    expect(await codeOfAsync(offered.accept('/nowhere/at/all').done)).toBe('SINK_FAILED');
    const growing = offered.accept(blobSink({ ...file, size: undefined }, 1_000_000));
    expect(await codeOfAsync(growing.done)).toBe('SINK_TOO_LARGE');
    expect(await codeOfAsync(transfer.done)).toBe('TRANSFER_CANCELLED');
  });

  it.each<[string, () => Parameters<Met['ada']['sendFile']>[0]]>([
    ['fails', () => ({ size: 3_000_000, read: () => Promise.reject(new Error('unplugged')) })],
    ['is shorter than it says', () => ({ size: 3_000_000, read: () => Promise.resolve(new Uint8Array(10)) })],
    ['is longer than it says', () => ({ size: 3_000_000, read: (_, length) => Promise.resolve(new Uint8Array(length + 1)) })],
    ['is a stream that fails', () => chunks([FILE], new Error('unplugged'))],
  ])('a source that %s', async (_, source) => {
    const { transfer, offered } = await offer(source());
    const sink = memorySink();
    const receiving = offered.accept(sink);
    expect(await codeOfAsync(transfer.done)).toBe('SOURCE_FAILED');
    expect(await codeOfAsync(receiving.done)).toBe('TRANSFER_CANCELLED');
    expect(sink.state).toBe('aborted');
  });

  it.each([FILE.length - 1, FILE.length + 1])('a stream whose size is not the %d bytes it was said to have', async (size) => {
    const { transfer, offered } = await offer(chunks([FILE]), { size });
    const receiving = offered.accept(memorySink());
    expect(await codeOfAsync(transfer.done)).toBe('SOURCE_FAILED');
    expect(await codeOfAsync(receiving.done)).toBe('TRANSFER_CANCELLED');
  });

  it('signals end sending, receiving, and waiting for a post', async () => {
    const reason = new Error('enough');
    expect(error(() => met.ada.sendFile(FILE, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    await expect(met.ada.send('x', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const sending = new AbortController();
    const { transfer, offered } = await offer(FILE, { signal: sending.signal });
    expect(error(() => offered.accept(memorySink(), { signal: AbortSignal.abort(reason) }))).toBe(reason);
    const receiving = offered.accept(stuckSink());
    await met.adaSees.until(() => transfer.progress.receivers?.[0]?.state === 'running', 'the answer');
    sending.abort(reason);
    await expect(transfer.done).rejects.toBe(reason);
    expect(await codeOfAsync(receiving.done)).toBe('TRANSFER_CANCELLED');

    const accepting = new AbortController();
    const second = met.ada.sendFile(FILE);
    const again = await met.graceSees.until((events) => offers(events)[1], 'the second offer');
    const taking = again.accept(stuckSink(), { signal: accepting.signal });
    await met.adaSees.until(() => second.progress.receivers?.[0]?.state === 'running', 'the answer');
    accepting.abort(reason);
    await expect(taking.done).rejects.toBe(reason);
    expect(await codeOfAsync(second.done)).toBe('TRANSFER_CANCELLED');
  });
});

it('a source that is another one when it is read again', async () => {
  const { ada, graceSees, close } = await meet(relay.url);
  const heinz = await joinRoom({ relay: relay.url, code: ada.code, name: 'Heinz' });
  const heinzSees = watch(heinz);
  await heinzSees.until(() => ada.members.length === 3 && heinz.members.length === 3, 'everybody');
  let version = 0;
  // Larger than what is kept of it in memory.
  const source: RandomAccessSource = { size: 20_000_000, read: (_, length) => Promise.resolve(new Uint8Array(length).fill(version)) };
  const transfer = ada.sendFile(source);
  const [first, second] = await Promise.all([graceSees.offer(), heinzSees.offer()]);
  await first.accept(memorySink()).done;
  version = 1;
  const sink = memorySink();
  const receiving = second.accept(sink);
  expect(await codeOfAsync(transfer.done)).toBe('SOURCE_CHANGED');
  expect(await codeOfAsync(receiving.done)).toBe('SOURCE_CHANGED');
  expect(sink.state).toBe('aborted');
  expect(sink.bytes().every((byte) => byte === 0)).toBe(true);
  await heinz.close();
  await close();
});

it('ending a file in the middle harms no other room of the process', async () => {
  const [one, other] = [await meet(relay.url), await meet(relay.url)];
  for (let pieces = 1; pieces < 12; pieces++) {
    let reads = 0;
    const source: RandomAccessSource = {
      size: 20_000_000,
      async read(_, length) {
        if (++reads === pieces) setImmediate(() => transfer.cancel());
        return new Uint8Array(length);
      },
    };
    const transfer = one.ada.sendFile(source);
    const offered = await one.graceSees.until((events) => offers(events).find(({ id }) => id === transfer.id), 'an offer');
    const receiving = offered.accept(memorySink());
    expect(await codeOfAsync(transfer.done)).toBe('TRANSFER_CANCELLED');
    expect(await codeOfAsync(receiving.done)).toBe('TRANSFER_CANCELLED');
  }
  await other.ada.send('nothing has happened here');
  await other.graceSees.until(() => other.graceSees.texts().length === 1, 'a text');
  await Promise.all([one.close(), other.close()]);
});

const offers = (events: Met['graceSees']['events']) => events.flatMap((event) => (event.type === 'file-offer' ? [event.offer] : []));

/** A sink that takes nothing. */
const stuckSink = (): FileSink => ({ ...memorySink(), write: () => new Promise<void>(() => undefined) });

async function* chunks(parts: readonly Uint8Array[], failure?: Error): AsyncGenerator<Uint8Array> {
  yield* parts;
  if (failure !== undefined) throw failure;
}

/** What `call` throws. */
function error(call: () => unknown): unknown {
  try {
    call();
  } catch (thrown) {
    return thrown;
  }
  throw new Error('nothing was thrown');
}

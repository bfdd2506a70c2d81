import { randomBytes } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { codeOfAsync } from '../js/helpers.js';
import { drop, flip, loseOnce, oversize, reorder, repeat, replace, shorten, startEvilRelay, to, truncate, TYPE, type EvilRelay, type Meddler } from './evil-relay.js';
import { startRelay, type Relay } from './helpers.js';
import { meet, memorySink, type Watch } from './watch.js';

type Met = Awaited<ReturnType<typeof meet>>;

let relay: Relay;
let evil: EvilRelay;
let met: Met;

beforeAll(async () => {
  relay = await startRelay(0, ['--joins-per-minute', '0', '--posts-per-second', '0']);
});
afterAll(() => relay.kill());
beforeEach(async () => {
  evil = await startEvilRelay(relay.url);
  met = await meet(evil.url);
});
afterEach(async () => {
  await met.close();
  await evil.close();
});

/** Each text at most once, and none that was not said. */
function expectHonest(sees: Watch, said: readonly string[]) {
  const texts = sees.texts();
  expect(new Set(texts).size).toBe(texts.length);
  for (const text of texts) expect(said).toContain(text);
}

const SAID = ['one', 'two', 'three', 'four', 'five', 'six'];

/** Says six texts while the relay meddles, and waits until the other has them all. */
async function talk(meddler: Meddler): Promise<void> {
  const { ada, graceSees } = met;
  evil.meddler = meddler;
  const sending = SAID.map((text) => ada.send(text));
  await graceSees.until(() => SAID.every((text) => graceSees.texts().includes(text)), 'all texts');
  evil.meddler = undefined;
  // Whatever became of the answers, sending ends.
  await Promise.all(sending);
  expectHonest(graceSees, SAID);
}

/** Does it to what Grace receives: notes of the ratchet go to Ada meanwhile, too. */
function toGrace(meddler: Meddler): Meddler {
  const grace = evil.recorded.filter(({ type }) => type === TYPE.join).at(-1)?.connection;
  return (frame) => (frame.direction === 'down' && frame.connection === grace ? meddler(frame) : [frame.bytes]);
}

describe('posts', () => {
  it.each([
    ['flipped in its last byte', flip(-1), 'DECRYPT_FAILED'],
    ['flipped in its header', flip(-60), 'DECRYPT_FAILED'],
    ['cut', truncate, 'INVALID_FRAME'],
    ['cut, in a frame that is right', shorten, 'DECRYPT_FAILED'],
    ['replaced by nonsense', replace, 'INVALID_FRAME'],
    ['too large', oversize, 'FRAME_TOO_LARGE'],
  ] as const)('a received post that is %s: an error, and it comes again', async (_, deed, code) => {
    await talk(toGrace(to(TYPE.posted, [2], deed)));
    expect(met.graceSees.errors()).toContain(code);
  });

  it('a post that is kept back comes again', () => talk(toGrace(to(TYPE.posted, [1, 2], drop))));

  it('a post that is repeated comes once', async () => {
    await talk(toGrace(to(TYPE.posted, [0, 1, 4], repeat)));
    expect(met.graceSees.errors()).toContain('RELAY_PROTOCOL');
  });

  it('posts that change places come once each, with an error', async () => {
    await talk(toGrace(reorder(TYPE.posted, 3)));
    expect(met.graceSees.errors()).toContain('RELAY_PROTOCOL');
  });

  it('a post repeated under a new number comes once, and is told', async () => {
    const { ada, graceSees } = met;
    // With it goes the key, in a post of its own.
    await ada.send('first of all');
    await graceSees.until(() => graceSees.texts().length === 1, 'a text');
    evil.meddler = ({ type, bytes }) => {
      if (type !== TYPE.posted) return [bytes];
      // `seq` is the first entry of the data, here an integer of one byte.
      const again = Buffer.from(bytes);
      const at = again.indexOf('seq') + 3;
      again[at] = (again[at] ?? 0) + 1;
      return [bytes, again];
    };
    await ada.send('only once');
    await graceSees.until(() => graceSees.errors().includes('REPLAYED'), 'an error');
    expect(graceSees.texts()).toEqual(['first of all', 'only once']);
  });

  it.each([
    ['dropped', drop],
    ['cut', truncate],
    ['replaced by nonsense', replace],
    ['too large', oversize],
    ['flipped', flip(-1)],
  ] as const)('a post of ours that is %s on its way to the relay comes again', (_, deed) => talk(to(TYPE.post, [2], deed)));

  it('a post of ours that is repeated comes once', () => talk(to(TYPE.post, [0, 1, 2, 3], repeat)));

  it('answers that are kept back do not keep senders waiting for ever', () => talk(to(TYPE.accepted, [0, 1, 2], drop)));

  it('a post to Ada cannot be given to Grace', async () => {
    const { ada, grace, graceSees } = met;
    // The one that is meant for Ada alone: the answer to her file.
    const transfer = ada.sendFile(randomBytes(10));
    const offer = await graceSees.offer();
    let answer: Buffer | undefined;
    evil.meddler = ({ type, bytes }) => {
      if (type === TYPE.posted) answer = bytes;
      return [bytes];
    };
    await offer.accept(memorySink()).done;
    await transfer.done;
    evil.meddler = ({ type, bytes }) => (type === TYPE.posted && answer !== undefined ? [answer] : [bytes]);
    await ada.send('swapped for another');
    await graceSees.until(() => graceSees.errors().length > 0, 'an error');
    evil.meddler = undefined;
    expect(graceSees.texts()).not.toContain('swapped');
    expect(grace.status).toBe('open');
  });
});

const FILE = randomBytes(20 * 65_536 + 12_345);

/** Sends a file while the relay meddles. */
async function send(meddler: Meddler) {
  const { ada, graceSees } = met;
  const transfer = ada.sendFile(FILE, { name: 'a file' });
  const offer = await graceSees.offer();
  evil.meddler = meddler;
  const sink = memorySink();
  return { transfer, receiving: offer.accept(sink), sink };
}

async function arrives(meddler: Meddler) {
  const { transfer, receiving, sink } = await send(meddler);
  await Promise.all([transfer.done, receiving.done]);
  expect(sink.bytes().equals(FILE)).toBe(true);
  expect(sink.state).toBe('closed');
}

async function fails(meddler: Meddler) {
  const { transfer, receiving, sink } = await send(meddler);
  expect(await codeOfAsync(receiving.done)).toBe('DECRYPT_FAILED');
  expect(await codeOfAsync(transfer.done)).toBe('DECRYPT_FAILED');
  expect(sink.state).toBe('aborted');
  // What had been written before was right.
  expect(FILE.subarray(0, sink.bytes().length).equals(sink.bytes())).toBe(true);
  expect([transfer.state, receiving.state]).toEqual(['failed', 'failed']);
  evil.meddler = undefined;
  await met.ada.send('the room goes on');
  await met.graceSees.until(() => met.graceSees.texts().includes('the room goes on'), 'a text');
}

describe('pieces of files', () => {
  describe.each([
    ['from the relay', TYPE.bulkFrom],
    ['to the relay', TYPE.bulk],
  ] as const)('on their way %s', (_, type) => {
    it('flipped in the ciphertext: both sides fail', () => fails(to(type, [5], flip(-1000))));
    it('flipped in the tag of the last piece: both sides fail', () => fails(to(type, [20], flip(-1))));
    it('flipped in the salt of the first piece: the salt of the offer is the one that counts', () => arrives(to(type, [0], flip(-65_530))));
    it('shortened in a frame that is right: both sides fail', () => fails(to(type, [5], shorten)));
    it('swapped: both sides fail', () => fails(swapBodies(type)));
    it('dropped: it comes again', () => arrives(loseOnce(type, [0, 3, 4, 9])));
    it('repeated: taken once', () => arrives(to(type, [0, 3, 9, 20], repeat)));
    it('reordered: put right', () => arrives(reorder(type, 8)));
    it('replaced by nonsense: it comes again', () => arrives(to(type, [5], replace)));
    it('too large: it comes again', () => arrives(to(type, [5], oversize)));
    it('cut: it comes again', () => arrives(to(type, [5], truncate)));
  });

  it.each([
    ['repeated', repeat],
    ['replaced by nonsense', replace],
  ] as const)('windows that are %s do no harm', (_, deed) => arrives(to(TYPE.windowFrom, [2, 4], deed)));

  // These wait for a time to pass: 10 s until a window is said again, 15 s until a receiver counts as stalled.
  it('the first windows dropped: they are said again', () => arrives(to(TYPE.windowFrom, [0, 1], drop)));
  it('the last piece dropped: it comes again', () => arrives(loseOnce(TYPE.bulkFrom, [20])));

  it('a gap, and the call for what is missing dropped too: it comes again', async () => {
    const lose = to(TYPE.bulkFrom, [5], drop);
    let lost = false;
    await arrives((frame) => {
      // Windows with `rewind` are the longest there are.
      if (frame.type === TYPE.window && !lost && frame.bytes.at(-1) === 0xc3) {
        lost = true;
        return [];
      }
      return lose(frame);
    });
    expect(lost).toBe(true);
  });

  it('the connection cut in the middle: it continues', async () => {
    let count = 0;
    await arrives(({ type, bytes }) => {
      if (type === TYPE.bulkFrom && ++count === 7) setImmediate(() => evil.cut());
      return [bytes];
    });
  });
});

/** Gives the body of the fourth piece the place of the fifth, and the other way round. */
function swapBodies(type: number): Meddler {
  let count = -1;
  let first: Buffer | undefined;
  return ({ type: found, bytes }) => {
    if (found !== type) return [bytes];
    count += 1;
    if (count === 3) {
      first = bytes;
      return [];
    }
    if (count !== 4 || first === undefined) return [bytes];
    const body = 65_536;
    const exchange = (head: Buffer, tail: Buffer) => Buffer.concat([head.subarray(0, -body), tail.subarray(-body)]);
    return [exchange(first, bytes), exchange(bytes, first)];
  };
}

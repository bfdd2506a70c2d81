import { decode, encode } from '@msgpack/msgpack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { generateShareCode, parseShareCode, shareLink } from '../../js/index.js';
import { createRoom, joinRoom } from '../../js/room/index.js';
import type { Room } from '../../js/room/index.js';
import { startEvilRelay, TYPE, type Meddler } from '../e2e/evil-relay.js';
import { startRelay, type Relay } from '../e2e/helpers.js';
import { watch } from '../e2e/watch.js';
import { codeOf, codeOfAsync } from './helpers.js';

const OPTIONS = ['--joins-per-minute', '0', '--grace-seconds', '1'];

let relay: Relay;

beforeAll(async () => {
  relay = await startRelay(0, OPTIONS);
});
afterAll(() => relay.kill());

const create = (url = relay.url) => createRoom({ relay: url, name: 'Ada', maxMembers: 2 });
const join = (code: string, name = 'Grace', url = relay.url) => joinRoom({ relay: url, name, code });
const names = (room: Room) => room.members.map(({ name }) => name).sort();

async function pair(url = relay.url) {
  const ada = await create(url);
  const grace = await join(ada.code, 'Grace', url);
  await expect.poll(() => [ada.members.length, grace.members.length], { timeout: 20_000 }).toEqual([2, 2]);
  return { ada, grace };
}

/** Both hear what the other says. */
async function talk(ada: Room, grace: Room, text: string) {
  await Promise.all([ada.send(text), grace.send(text)]);
  const heard = (room: Room) => room.getSnapshot().messages.filter((message) => message.text === text).map(({ from }) => from.name).sort();
  for (const room of [ada, grace]) await expect.poll(() => heard(room), { timeout: 20_000 }).toEqual(['Ada', 'Grace']);
}

describe('codes of rooms for two', () => {
  it('say so, and others do not', () => {
    const code = generateShareCode({ maxMembers: 2 });
    expect(code).toMatch(/^hush1:[^:]{21}:[^:]{43}:0:0:2$/);
    expect(parseShareCode(code)).toMatchObject({ protocol: 'hush1', maxMembers: 2, expiresAt: 0 });
    expect(parseShareCode(shareLink('https://example.com/', code)).maxMembers).toBe(2);
    expect(generateShareCode({ maxMembers: 2, ephemeralSeconds: 30 })).toMatch(/:30:0:2$/);
    expect('maxMembers' in parseShareCode(generateShareCode())).toBe(false);
  });

  it('have no other number, and none in Arthas', () => {
    const bare = generateShareCode();
    for (const tail of [':0:0:1', ':0:0:3', ':0:0:02', ':0:0:', ':0:0:2:', ':0:0:2:2']) {
      expect(codeOf(() => parseShareCode(bare + tail)), tail).toBe('INVALID_SHARE_CODE');
    }
    expect(codeOf(() => parseShareCode(`${bare.slice('hush1:'.length)}:0:0:2`))).toBe('INVALID_SHARE_CODE');
    expect(codeOf(() => generateShareCode({ protocol: 'arthas', maxMembers: 2 }))).toBe('UNSUPPORTED');
    expect(() => generateShareCode({ maxMembers: 3 as 2 })).toThrow(RangeError);
  });
});

describe('a room for two', () => {
  it('takes one guest, once', async () => {
    const { ada, grace } = await pair();
    expect([ada.maxMembers, grace.maxMembers]).toEqual([2, 2]);
    expect(parseShareCode(ada.code).maxMembers).toBe(2);
    await talk(ada, grace, 'hello');
    expect(await codeOfAsync(join(ada.code, 'Eve'))).toBe('INVITATION_USED');
    const sees = watch(ada);
    await grace.close();
    await sees.until((events) => events.some(({ type }) => type === 'member-left'), 'the guest leaving');
    expect(await codeOfAsync(join(ada.code, 'Eve'))).toBe('INVITATION_USED');
    expect(await codeOfAsync(join(ada.code, 'Grace')), 'without the identity it had').toBe('INVITATION_USED');
    expect(names(ada)).toEqual(['Ada']);
    await ada.close();
    expect(await codeOfAsync(join(ada.code, 'Eve'))).toBe('ROOM_NOT_FOUND');
  });

  it('takes one of several who come in the same moment', async () => {
    const ada = await create();
    const outcomes = await Promise.allSettled(['B', 'C', 'D', 'E'].map((name) => join(ada.code, name)));
    const inside = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [(outcome.reason as { code: string }).code] : []));
    expect(inside).toHaveLength(1);
    expect(refused).toEqual(['INVITATION_USED', 'INVITATION_USED', 'INVITATION_USED']);
    await Promise.all([ada, ...inside].map((room) => room.close()));
  });

  it('is not entered with a code whose last part is gone', async () => {
    const ada = await create();
    const cut = ada.code.replace(/:0:0:2$/, '');
    expect(await codeOfAsync(join(cut))).toBe('RELAY_REFUSED');
    const grace = await join(ada.code);
    expect(await codeOfAsync(join(cut))).toBe('INVITATION_USED');
    await Promise.all([ada.close(), grace.close()]);
  });

  it('outlives lost connections and its relay, and no third slips in', async () => {
    let mortal = await startRelay(0, OPTIONS);
    const { port } = mortal;
    const evil = await startEvilRelay(mortal.url);
    const { ada, grace } = await pair(evil.url);
    const back = async () => {
      for (const room of [ada, grace]) await expect.poll(() => room.status, { timeout: 30_000 }).toBe('open');
    };
    evil.cut();
    expect(await codeOfAsync(join(ada.code, 'Eve', mortal.url))).toBe('INVITATION_USED');
    await back();
    await talk(ada, grace, 'after a cut');
    await mortal.kill();
    mortal = await startRelay(port, OPTIONS);
    expect(['ROOM_NOT_FOUND', 'INVITATION_USED']).toContain(await codeOfAsync(join(ada.code, 'Eve', mortal.url)));
    await back();
    await talk(ada, grace, 'after a restart');
    expect(await codeOfAsync(join(ada.code, 'Eve', mortal.url))).toBe('INVITATION_USED');
    expect([names(ada), names(grace)]).toEqual([['Ada', 'Grace'], ['Ada', 'Grace']]);
    await Promise.all([ada.close(), grace.close()]);
    await evil.close();
    await mortal.kill();
  });

  it('keeps a third out whom the relay lets in', async () => {
    const evil = await startEvilRelay(relay.url);
    // The honest relay behind it hears of no seats.
    const hide: Meddler = ({ direction, type, bytes }) => {
      if (direction === 'down' || (type !== TYPE.create && type !== TYPE.join)) return [bytes];
      const frame = decode(bytes) as { data: Record<string, unknown> };
      const { seat: _seat, seats: _seats, maxMembers: _max, ...data } = frame.data;
      return [encode({ type, data })];
    };
    evil.meddler = hide;
    const { ada, grace } = await pair(evil.url);
    const sees = [watch(ada), watch(grace)];
    const eve = await join(ada.code, 'Eve', evil.url);
    const hears = watch(eve);
    await eve.send('let me in');
    await talk(ada, grace, 'between us');
    for (const one of sees) {
      await one.until(() => one.errors().includes('INVITATION_USED'), 'the refusal');
      expect(new Set(one.errors())).toEqual(new Set(['INVITATION_USED']));
      expect(one.events.filter(({ type }) => type === 'member-joined')).toEqual([]);
    }
    expect([names(ada), names(grace), names(eve)]).toEqual([['Ada', 'Grace'], ['Ada', 'Grace'], ['Eve']]);
    expect(hears.texts()).toEqual([]);
    expect([ada.maxMembers, eve.maxMembers]).toEqual([2, 2]);
    await Promise.all([ada.close(), grace.close(), eve.close()]);
    await evil.close();
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRoom, joinRoom, memoryStore, openIdentity } from '../../js/room/index.js';
import type { Comparison, ComparisonState, Identity, Room } from '../../js/room/index.js';
import { startRelay, type Relay } from '../e2e/helpers.js';
import { watch, type Watch } from '../e2e/watch.js';
import { codeOf } from './helpers.js';

let relay: Relay;

beforeAll(async () => {
  relay = await startRelay(0, ['--joins-per-minute', '0']);
});
afterAll(() => relay.kill());

const other = (room: Room) => room.members.find(({ self }) => !self)?.id ?? '';

async function meet(
  use: (rooms: { ada: Room; grace: Room; adaSees: Watch; graceSees: Watch }) => Promise<void>,
  identity?: Identity,
) {
  const ada = await createRoom({ relay: relay.url, name: 'Ada', ...(identity !== undefined && { identity }) });
  const grace = await joinRoom({ relay: relay.url, name: 'Grace', code: ada.code });
  const [adaSees, graceSees] = [watch(ada), watch(grace)];
  try {
    await expect.poll(() => [ada.members.length, grace.members.length], { timeout: 20_000 }).toEqual([2, 2]);
    await use({ ada, grace, adaSees, graceSees });
  } finally {
    await Promise.all([ada.close(), grace.close()]);
  }
}

/** The latest comparison in this state. */
function reached(sees: Watch, state: ComparisonState): Promise<Comparison> {
  return sees.until((events) => {
    const all = events.flatMap((event) => (event.type === 'comparison' ? [event.comparison] : []));
    return all.filter((comparison) => comparison.state === state).at(-1);
  }, state);
}

describe('a live comparison', () => {
  it('shows both the same pictures, and ends well when both say so', () =>
    meet(async ({ ada, grace, adaSees, graceSees }) => {
      const asked = ada.compare(other(ada));
      expect(asked).toMatchObject({ state: 'waiting', member: { name: 'Grace' } });
      const request = await reached(graceSees, 'requested');
      expect(request.member.name).toBe('Ada');
      request.accept();
      const [mine, theirs] = [await reached(adaSees, 'pictures'), await reached(graceSees, 'pictures')];
      expect(mine.pictures).toHaveLength(7);
      expect(mine.pictures).toEqual(theirs.pictures);
      expect(mine.decimals).toEqual(theirs.decimals);
      expect(mine.decimals?.every((number) => number >= 1000 && number <= 9191)).toBe(true);
      for (const { emoji, name } of mine.pictures ?? []) expect([typeof emoji, name.length > 0]).toEqual(['string', true]);
      mine.confirm(true);
      expect((await reached(adaSees, 'confirmed')).pictures).toEqual(mine.pictures);
      expect(codeOf(() => mine.confirm(true))).toBe('INVALID_STATE');
      let settled = false;
      void asked.done.then(() => (settled = true));
      await ada.send('still waiting');
      expect(settled, 'one alone verifies nothing').toBe(false);
      theirs.confirm(true);
      expect(await Promise.all([asked.done, request.done])).toEqual([true, true]);
      const end = await reached(adaSees, 'verified');
      expect(end.pictures).toBeUndefined();
      for (const late of [() => end.accept(), () => mine.confirm(true)]) expect(codeOf(late)).toBe('INVALID_STATE');
      end.cancel();
      // The next one is another.
      const again = grace.compare(other(grace));
      expect((await reached(adaSees, 'requested')).done).not.toBe(asked.done);
      again.cancel();
      expect(await again.done).toBe(false);
    }));

  it('ends for both when one sees other pictures', () =>
    meet(async ({ ada, adaSees, graceSees }) => {
      const asked = ada.compare(other(ada));
      const request = await reached(graceSees, 'requested');
      request.accept();
      (await reached(adaSees, 'pictures')).confirm(true);
      (await reached(graceSees, 'pictures')).confirm(false);
      expect(await Promise.all([asked.done, request.done])).toEqual([false, false]);
      expect((await reached(adaSees, 'failed')).reason).toBe('mismatch');
      expect((await reached(graceSees, 'failed')).reason).toBe('mismatch');
    }));

  it('says so when its good end cannot be kept', async () => {
    const memory = memoryStore();
    let full = false;
    const set: typeof memory.set = (state) => (full ? Promise.reject(new Error('full')) : memory.set(state));
    const identity = await openIdentity({ store: { get: memory.get, set } });
    await meet(async ({ ada, adaSees, graceSees }) => {
      await expect.poll(() => identity.knownDevices(), { timeout: 20_000 }).toHaveLength(1);
      full = true;
      const asked = ada.compare(other(ada));
      const request = await reached(graceSees, 'requested');
      request.accept();
      (await reached(adaSees, 'pictures')).confirm(true);
      (await reached(graceSees, 'pictures')).confirm(true);
      expect(await Promise.all([asked.done, request.done])).toEqual([false, true]);
      await adaSees.until(() => adaSees.errors().includes('STORE_FAILED'), 'the error');
      expect(ada.members.some(({ self, verified }) => !self && verified)).toBe(false);
      full = false;
    }, identity);
  });

  it('is declined, taken back, and asked for by both at once', () =>
    meet(async ({ ada, grace, adaSees, graceSees }) => {
      const first = ada.compare(other(ada));
      (await reached(graceSees, 'requested')).cancel();
      expect(await first.done).toBe(false);
      expect((await reached(adaSees, 'failed')).reason).toBe('cancelled');
      const crossed = [ada.compare(other(ada)), grace.compare(other(grace))];
      const [mine, theirs] = [await reached(adaSees, 'pictures'), await reached(graceSees, 'pictures')];
      expect(mine.pictures).toEqual(theirs.pictures);
      expect([mine.done, theirs.done]).toEqual(crossed.map(({ done }) => done));
      mine.confirm(true);
      theirs.confirm(true);
      expect(await Promise.all(crossed.map(({ done }) => done))).toEqual([true, true]);
    }));

  it('comes to nothing when somebody leaves or closes the room', () =>
    meet(async ({ ada, grace, adaSees, graceSees }) => {
      const asked = ada.compare(other(ada));
      const request = await reached(graceSees, 'requested');
      request.accept();
      (await reached(adaSees, 'pictures')).confirm(true);
      await grace.close();
      expect(await Promise.all([asked.done, request.done])).toEqual([false, false]);
      expect((await reached(adaSees, 'failed')).reason).toBe('left');
      expect((await reached(graceSees, 'failed')).reason).toBe('cancelled');
      expect(codeOf(() => request.accept())).toBe('INVALID_STATE');
    }));

  it('is with a member, of a native room', async () => {
    await meet(async ({ ada }) => {
      for (const id of ['', 'nobody', ada.selfId]) expect(codeOf(() => ada.compare(id))).toBe('UNKNOWN_MEMBER');
      await ada.close();
      expect(codeOf(() => ada.compare('x'))).toBe('CLOSED');
    });
    const arthas = await createRoom({ relay: relay.url, name: 'Ada', protocol: 'arthas' });
    expect(codeOf(() => arthas.compare('x'))).toBe('UNSUPPORTED');
    await arthas.close();
  });
});

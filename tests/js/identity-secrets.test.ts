import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';

import type * as RoomApi from '../../js/room/index.js';
import { startRelay, type Relay } from '../e2e/helpers.js';
import { memoryOf, recordInstances } from './instances.js';

/** Searches the memory of the wasm instance for the seed of an identity. */
let relay: Relay;
let instances: WebAssembly.Instance[];
let api: typeof RoomApi;

beforeAll(async () => {
  relay = await startRelay();
});
afterAll(() => relay.kill());
beforeEach(async () => {
  vi.resetModules();
  instances = recordInstances();
  api = await import('../../js/room/index.js');
  return () => vi.restoreAllMocks();
});

/** How many of the two halves of `seed` are in the memory. */
function found(seed: Uint8Array): number {
  const memory = memoryOf(instances);
  return [seed.subarray(0, 16), seed.subarray(16)].filter((half) => memory.includes(Buffer.from(half))).length;
}

test('the seed of an identity is in memory while a room is open, and at no other time', async () => {
  const store = api.memoryStore();
  const identity = await api.openIdentity({ store });
  const seed = (await store.get())!.slice(1, 33);
  expect(new Set(seed).size).toBeGreaterThan(8);
  expect(found(seed), 'made').toBe(0);
  await identity.verify((await api.openIdentity()).deviceKey);
  expect(await identity.knownDevices()).toHaveLength(1);
  expect(found(seed), 'changed and read').toBe(0);
  expect(await api.openIdentity({ store: { get: () => Promise.resolve(Buffer.from(seed)), set: () => Promise.resolve() } }).catch(() => 'refused')).toBe('refused');

  for (const protocol of ['hush1', 'arthas'] as const) {
    const room = await api.createRoom({ relay: relay.url, name: 'Ada', protocol, identity });
    const other = await api.joinRoom({ relay: relay.url, name: 'Grace', code: room.code });
    const grace = () => room.members.find(({ self }) => !self);
    await expect.poll(() => grace()?.deviceKey || 'none').toMatch(/^[\w-]{43}$/);
    // In Arthas rooms it is only derived from.
    expect(found(seed), protocol).toBe(protocol === 'hush1' ? 2 : 0);
    await room.verify(grace()!.id);
    await Promise.all([room.close(), other.close()]);
    expect(found(seed), `${protocol}, closed`).toBe(0);
  }
});

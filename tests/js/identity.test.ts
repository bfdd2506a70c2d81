import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { keeperOf } from '../../js/identity/keeper.js';
import { createRoom, fileStore, memoryStore, openIdentity } from '../../js/room/index.js';
import type { Identity, IdentityStore } from '../../js/room/index.js';
import { codeOfAsync } from './helpers.js';

/** Keys of nobody: 43 characters that end in bits that are zero. */
const key = (index: number) => Buffer.alloc(32, index + 1).toString('base64url');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hushroom-identity-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const file = (name: string) => join(folder, name);

/** A store whose parts may be exchanged, and which counts what was kept. */
function store(parts: Partial<IdentityStore> = {}): IdentityStore & { kept: number } {
  const memory = memoryStore();
  const counting = {
    kept: 0,
    get: () => memory.get(),
    set(state: Uint8Array<ArrayBuffer>) {
      counting.kept += 1;
      return memory.set(state);
    },
  };
  return Object.assign(counting, parts);
}

describe('an identity', () => {
  test('is made once and is the same ever after', async () => {
    const kept = store();
    const first = await openIdentity({ store: kept });
    expect(first.deviceKey).toMatch(/^[\w-]{43}$/);
    const second = await openIdentity({ store: kept });
    expect(second.deviceKey).toBe(first.deviceKey);
    expect(kept.kept).toBe(1);
    expect((await openIdentity()).deviceKey).not.toBe(first.deviceKey);
  });

  test('of two that find nothing at the same time is one', async () => {
    const kept = store();
    const both = await Promise.all([openIdentity({ store: kept }), openIdentity({ store: kept })]);
    expect(both[0].deviceKey).toBe(both[1].deviceKey);
    expect(kept.kept).toBe(1);
  });

  test('remembers who is verified, and forgets', async () => {
    const kept = store();
    const identity = await openIdentity({ store: kept });
    const before = Math.floor(Date.now() / 1000);
    await identity.verify(key(1));
    await identity.verify(key(2));
    await identity.verify(key(2), false);
    await identity.verify(key(3), false);
    const again = await openIdentity({ store: kept });
    const known = await again.knownDevices();
    expect(known).toEqual([
      { deviceKey: key(1), name: '', verified: true, metAt: expect.any(Number) },
      { deviceKey: key(2), name: '', verified: false, metAt: expect.any(Number) },
    ]);
    expect(known[0]!.metAt).toBeGreaterThanOrEqual(before);
    expect(kept.kept).toBe(4);
    await again.forget(key(1));
    await again.forget(key(9));
    expect((await identity.knownDevices()).map(({ deviceKey }) => deviceKey)).toEqual([key(2)]);
    expect(kept.kept).toBe(5);
  });

  test('refuses what is no key, no store and no identity', async () => {
    const identity = await openIdentity();
    expect(await codeOfAsync(identity.verify('AAAA'))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(identity.forget(''))).toBe('INVALID_ARGUMENT');
    await expect(identity.verify(1 as never)).rejects.toThrow(TypeError);
    await expect(identity.verify(key(1), 'yes' as never)).rejects.toThrow(TypeError);
    await expect(openIdentity(null as never)).rejects.toThrow(TypeError);
    await expect(openIdentity({ store: 'ada.identity' as never })).rejects.toThrow(TypeError);
    const stranger = { deviceKey: identity.deviceKey } as Identity;
    await expect(createRoom({ relay: 'ws://127.0.0.1:9/ws', name: 'Ada', identity: stranger })).rejects.toThrow(TypeError);
  });
});

describe('a store', () => {
  test('that fails changes nothing and says so', async () => {
    const broken = new Error('the disk is full');
    let fails = false;
    const memory = memoryStore();
    const kept = store({ get: () => memory.get(), set: (state) => (fails ? Promise.reject(broken) : memory.set(state)) });
    const identity = await openIdentity({ store: kept });
    await identity.verify(key(1));
    fails = true;
    const failure = await identity.verify(key(2)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'STORE_FAILED', cause: broken });
    expect(await codeOfAsync(openIdentity({ store: store({ set: () => Promise.reject(broken) }) }))).toBe('STORE_FAILED');
    expect(await codeOfAsync(openIdentity({ store: store({ get: () => Promise.reject(broken) }) }))).toBe('STORE_FAILED');
    expect(await codeOfAsync(openIdentity({ store: store({ lock: () => Promise.reject(broken) }) }))).toBe('STORE_FAILED');
    fails = false;
    await identity.verify(key(3));
    expect((await identity.knownDevices()).map(({ deviceKey }) => deviceKey)).toEqual([key(1), key(3)]);
  });

  test('that has lost what it held is not filled anew', async () => {
    let lost = false;
    const memory = memoryStore();
    const identity = await openIdentity({ store: store({ get: () => (lost ? Promise.resolve(undefined) : memory.get()), set: memory.set }) });
    lost = true;
    expect(await codeOfAsync(identity.verify(key(1)))).toBe('INVALID_STATE');
    expect(await codeOfAsync(createRoom({ relay: 'ws://127.0.0.1:9/ws', name: 'Ada', identity }))).toBe('INVALID_STATE');
  });

  test('that holds something else is left as it is', async () => {
    const memory = memoryStore();
    await openIdentity({ store: memory });
    const state = (await memory.get())!;
    const newer = state.slice();
    newer[0] = 2;
    const changed = state.slice();
    changed[20]! ^= 1;
    for (const wrong of [new Uint8Array(), Uint8Array.of(1), state.subarray(0, 40), changed, newer, new TextEncoder().encode('{"seed":1}')]) {
      const kept = store({ get: () => Promise.resolve(wrong.slice()) });
      expect(await codeOfAsync(openIdentity({ store: kept }))).toBe('INVALID_IDENTITY');
      expect(kept.kept).toBe(0);
    }
  });

  test('is changed by many at once without losing one', async () => {
    const kept = store();
    const objects = await Promise.all(Array.from({ length: 3 }, () => openIdentity({ store: kept })));
    await Promise.all(Array.from({ length: 30 }, (_, index) => objects[index % 3]!.verify(key(index))));
    expect(await objects[0]!.knownDevices()).toHaveLength(30);
  });
});

test('a lock that fails once does not end the news of other tabs', async () => {
  let changed = () => {};
  let broken = true;
  const keeper = keeperOf({
    ...memoryStore(),
    lock: (work) => (broken ? Promise.reject(new Error('no lock')) : work()),
    watch(listener) {
      changed = listener;
      return () => {};
    },
  });
  const heard = new Promise((resolve) => keeper.watch(resolve, () => Promise.resolve(Uint8Array.of(1))));
  changed();
  expect(await codeOfAsync(keeper.turn(() => Promise.resolve()))).toBe('STORE_FAILED');
  broken = false;
  changed();
  expect(await heard).toEqual(Uint8Array.of(1));
});

describe('a file', () => {
  const leftovers = async () => (await readdir(folder)).filter((name) => name.endsWith('.part'));

  test.skipIf(process.platform === 'win32')('is its owner\'s alone, also if it was not before', async () => {
    const identity = await openIdentity({ store: fileStore(file('private')) });
    expect((await stat(file('private'))).mode & 0o777).toBe(0o600);
    await writeFile(file('open'), await readFile(file('private')), { mode: 0o644 });
    const copy = await openIdentity({ store: fileStore(file('open')) });
    expect(copy.deviceKey).toBe(identity.deviceKey);
    await copy.verify(key(1));
    expect((await stat(file('open'))).mode & 0o777).toBe(0o600);
    expect(await leftovers()).toEqual([]);
  });

  test('is changed by all who have it open, through one object or several', async () => {
    const objects = await Promise.all(Array.from({ length: 4 }, () => openIdentity({ store: fileStore(file('shared')) })));
    expect(new Set(objects.map(({ deviceKey }) => deviceKey)).size).toBe(1);
    await Promise.all(Array.from({ length: 24 }, (_, index) => objects[index % 4]!.verify(key(index))));
    const again = await openIdentity({ store: fileStore(join(folder, '.', 'shared')) });
    expect(await again.knownDevices()).toHaveLength(24);
    expect(await leftovers()).toEqual([]);
  });

  test('is whole whenever somebody dies while writing', async () => {
    const path = file('crash');
    const identity = await openIdentity({ store: fileStore(path) });
    await identity.verify(key(1));
    // What a crash leaves: a part beside it, cut off.
    await writeFile(`${path}.1.00000000.part`, (await readFile(path)).subarray(0, 30));
    const again = await openIdentity({ store: fileStore(path) });
    expect(again.deviceKey).toBe(identity.deviceKey);
    expect(await again.knownDevices()).toMatchObject([{ deviceKey: key(1), verified: true }]);
    await rm(`${path}.1.00000000.part`);
  });

  test('that cannot be written leaves the one there was, and no rest', async () => {
    expect(await codeOfAsync(openIdentity({ store: fileStore(join(folder, 'nowhere', 'ada')) }))).toBe('STORE_FAILED');
    expect(await codeOfAsync(openIdentity({ store: fileStore(folder) }))).toBe('STORE_FAILED');
    await writeFile(file('broken'), 'not an identity');
    expect(await codeOfAsync(openIdentity({ store: fileStore(file('broken')) }))).toBe('INVALID_IDENTITY');
    expect(await readFile(file('broken'), 'utf8')).toBe('not an identity');
    expect(() => fileStore(1 as never)).toThrow(TypeError);
    expect(await leftovers()).toEqual([]);
  });

  test('that is an old copy brings back its contacts and the same key', async () => {
    const path = file('backup');
    const identity = await openIdentity({ store: fileStore(path) });
    const old = await readFile(path);
    await identity.verify(key(1));
    await writeFile(path, old);
    expect(await identity.knownDevices()).toEqual([]);
    expect((await openIdentity({ store: fileStore(path) })).deviceKey).toBe(identity.deviceKey);
  });
});

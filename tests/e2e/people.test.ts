import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fileStore, hasDirectory, memoryStore, register } from '../../js/people/index.js';
import type { IdentityStore, People } from '../../js/people/index.js';
import { createRoom, joinRoom, openIdentity } from '../../js/room/index.js';
import type { Room, RoomEvent } from '../../js/room/index.js';
import { startRelay, type Relay } from './helpers.js';

const CODE = 'hush1:V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const DAY_MS = 86_400_000;
const FREE = ['--directory-requests-per-minute=0', '--registrations-per-minute=0', '--invitations-per-minute=0'];

let folder: string;
let relay: Relay;
const file = (name: string) => join(folder, name);
const open = (name: string, port = 0, options = FREE) => startRelay(port, ['--directory', file(name), ...options]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hushroom-people-'));
  relay = await open('people.redb');
});
afterAll(async () => {
  await relay.kill();
  await rm(folder, { recursive: true, force: true });
});

const code = (error: unknown) => (error as { code?: string }).code;
const failure = (promise: Promise<unknown>) => promise.then(() => 'nothing', code);
const as = (userId: string, store: IdentityStore = memoryStore(), more = {}) =>
  register({ relay: relay.url, userId, store, ...more });

/** Waits until the room's connection is as `test` wants it. */
function until(room: Room, test: (status: Room['status']) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = room.subscribe(look);
    function look() {
      if (!test(room.status)) return;
      stop();
      resolve();
    }
    queueMicrotask(look);
  });
}

/** Whatever the directory answers, changed on its way. */
function meddling(change: (answer: Uint8Array, request: Uint8Array) => Uint8Array): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const answer = change(new Uint8Array(await response.arrayBuffer()), init?.body as Uint8Array);
    return new Response(new Uint8Array(answer), { status: response.status });
  };
}

describe('people', () => {
  it('invite somebody who is offline, by the id and the safety number alone', async () => {
    // Grace registers, and goes away.
    const before = await as('grace', fileStore(file('grace')), { name: 'Grace' });
    expect(before).toMatchObject({ userId: 'grace' });

    const ada = await as('ada', fileStore(file('ada')), { name: 'Ada' });
    const room = await createRoom({ relay: relay.url, name: 'Ada' });
    const found = await ada.lookup('grace');
    expect(found).toMatchObject({ status: 'new', name: 'Grace', identityKey: before.identityKey });
    expect(found.safetyNumber).toMatch(/^\d{60}$/);
    expect(await ada.invite('grace', room.code, { text: 'Have a look' })).toMatchObject({ status: 'same' });

    // The relay dies meanwhile.
    const { port } = relay;
    const lost = until(room, (status) => status !== 'open');
    await relay.kill();
    await lost;
    relay = await open('people.redb', port);
    // Rooms live in memory: Ada's client makes hers again when it is back.
    await until(room, (status) => status === 'open');

    // Grace comes back from her file, in another process as it were.
    const grace = await register({ relay: relay.url, store: fileStore(file('grace')) });
    expect(grace).toMatchObject({ userId: 'grace', identityKey: before.identityKey, directoryKey: ada.directoryKey });
    const [invitation, ...rest] = await grace.invitations();
    expect(rest).toEqual([]);
    expect(invitation).toMatchObject({ from: 'ada', sender: 'unconfirmed', code: room.code, text: 'Have a look' });
    expect(invitation?.safetyNumber).toBe(found.safetyNumber);
    expect(invitation?.identityKey).toBe(ada.identityKey);
    expect(await grace.lookup('ada')).toMatchObject({ safetyNumber: found.safetyNumber, name: 'Ada' });
    expect(await grace.invitations()).toMatchObject([{ sender: 'known' }]);

    const heard = (async () => {
      for await (const event of room.events({ signal: AbortSignal.timeout(20_000) }))
        if (event.type === 'message' && !event.fromSelf) return event as Extract<RoomEvent, { type: 'message' }>;
      return undefined;
    })();
    const joined = await joinRoom({ relay: relay.url, code: invitation!.code, name: 'Grace' });
    await joined.send('here I am');
    expect((await heard)?.message.text).toBe('here I am');
    await grace.acknowledge(invitation!);
    expect(await grace.invitations()).toEqual([]);
    await Promise.all([joined.close(), room.close()]);
  });

  it('keep their keys in a file that nobody else reads', async () => {
    const store = fileStore(file('private'));
    expect(await store.get()).toBeUndefined();
    await as('private', store);
    if (process.platform !== 'win32') expect((await stat(file('private'))).mode & 0o777).toBe(0o600);
    expect(await failure(as('somebody-else', store))).toBe('INVALID_ARGUMENT');
    await writeFile(file('private'), (await readFile(file('private'))).subarray(0, 50));
    expect(await failure(as('private', store))).toBe('INVALID_IDENTITY');
  });

  it('have one identity with rooms on the same store, whichever comes first', async () => {
    const store = memoryStore();
    const identity = await openIdentity({ store });
    await identity.verify((await openIdentity()).deviceKey);
    const people = await as('one-key', store);
    expect(people.identityKey).toBe(identity.deviceKey);
    const room = await createRoom({ relay: relay.url, name: 'One', identity });
    expect(room.members[0]?.deviceKey).toBe(people.identityKey);
    // Both write; neither takes anything from the other.
    const friend = await joinRoom({ relay: relay.url, code: room.code, name: 'Friend' });
    await Promise.all([people.lookup('one-key'), people.renew(), friend.close()]);
    await room.close();
    expect(await identity.knownDevices()).toMatchObject([{ verified: true }, { name: 'Friend' }]);
    await people.replaceIdentity();
    expect((await openIdentity({ store })).deviceKey).toBe(people.identityKey);
    expect(people.identityKey).not.toBe(room.members[0]?.deviceKey);
    expect(await identity.knownDevices()).toHaveLength(2);

    const other = memoryStore();
    const registered = await as('one-key-2', other);
    expect((await openIdentity({ store: other })).deviceKey).toBe(registered.identityKey);
    expect(await failure(register({ relay: relay.url, store }))).toBe('nothing');
    const none = memoryStore();
    await openIdentity({ store: none });
    expect(await failure(register({ relay: relay.url, store: none })), 'no user yet').toBe('INVALID_ARGUMENT');
  });

  it('are refused, each with a code of its own', async () => {
    const ada = await as('ada-2');
    expect(await failure(as('ada-2'))).toBe('USER_TAKEN');
    expect(await failure(ada.lookup('nobody'))).toBe('UNKNOWN_USER');
    expect(await failure(ada.invite('nobody', CODE))).toBe('UNKNOWN_USER');
    expect(await failure(ada.lookup('No Name'))).toBe('INVALID_ARGUMENT');
    await as('grace-2');
    expect(await failure(ada.invite('grace-2', 'nonsense'))).toBe('INVALID_SHARE_CODE');
    expect(await failure(ada.invite('grace-2', CODE, { text: 'x'.repeat(2001) }))).toBe('TEXT_TOO_LONG');
    expect(await failure(register({ relay: relay.url }))).toBe('INVALID_ARGUMENT');
    expect(await failure(register({ relay: 'http://127.0.0.1:9', userId: 'ada' }))).toBe('CONNECT_FAILED');
    const aborted = register({ relay: relay.url, userId: 'late', signal: AbortSignal.abort(new Error('enough')) });
    await expect(aborted).rejects.toThrow('enough');
    const plain = await startRelay();
    expect(await failure(register({ relay: plain.url, userId: 'ada' }))).toBe('UNSUPPORTED');
    await plain.kill();
    const later = { now: () => Date.now() + 2 * DAY_MS };
    expect(await failure(as('clock', memoryStore(), later))).toBe('DIRECTORY_PROOF');
  });

  it('are where a relay keeps a directory', async () => {
    expect(await hasDirectory(relay.url)).toBe(true);
    const plain = await startRelay();
    expect(await hasDirectory(plain.url)).toBe(false);
    await plain.kill();
    expect(await failure(hasDirectory(plain.url))).toBe('CONNECT_FAILED');
    const busy = async () => new Response(null, { status: 503 });
    expect(await failure(hasDirectory(relay.url, { fetch: busy }))).toBe('CONNECT_FAILED');
    const aborted = hasDirectory(relay.url, { signal: AbortSignal.abort(new Error('enough')) });
    await expect(aborted).rejects.toThrow('enough');
    await expect(hasDirectory('ftp://chat.example')).rejects.toThrow(TypeError);
    const page = async () => new Response('<!doctype html>');
    expect(await hasDirectory(relay.url, { fetch: page })).toBe(false);

    const asked: unknown[] = [];
    const none: typeof fetch = async (address) => (asked.push(address), new Response(null, { status: 404 }));
    for (const path of ['', '/', '/ws', '/ws?x=1#code', '/relay', '/relay/', '/relay/ws'])
      expect(await hasDirectory(`wss://chat.example${path}`, { fetch: none })).toBe(false);
    const places = [...Array(4).fill('/directory'), ...Array(3).fill('/relay/directory')];
    expect(asked).toEqual(places.map((path) => `https://chat.example${path}`));
  });

  it('are told when a key changes, and nobody is invited until they have agreed', async () => {
    const [ada, grace] = [await as('ada-3'), await as('grace-3')];
    const first = await ada.lookup('grace-3');
    const oldKey = grace.identityKey;
    await grace.replaceIdentity();
    expect(grace.identityKey).not.toBe(oldKey);
    const changed = await ada.lookup('grace-3');
    expect(changed).toMatchObject({ status: 'changed', trustedKey: oldKey, identityKey: grace.identityKey });
    expect(changed.safetyNumber).not.toBe(first.safetyNumber);
    expect(await failure(ada.invite('grace-3', CODE))).toBe('KEY_CHANGED');
    expect(await failure(ada.acknowledgeKey(first))).toBe('KEY_UNPROVEN');
    await ada.acknowledgeKey(changed);
    await ada.invite('grace-3', CODE);
    expect(await grace.invitations()).toMatchObject([{ from: 'ada-3', code: CODE }]);
    // What waited for the old key is still readable.
    await grace.replaceIdentity();
    expect(await grace.invitations()).toMatchObject([{ from: 'ada-3' }]);
  });

  it('notice a directory that lies', async () => {
    let answers: (answer: Uint8Array, request: Uint8Array) => Uint8Array = (answer) => answer;
    const store = memoryStore();
    const ada = await as('ada-4', store, { fetch: meddling((answer, request) => answers(answer, request)) });
    const grace = await as('grace-4');
    // A byte of the answer differs.
    answers = (answer) => answer.map((byte, index) => (index === answer.length - 1 ? byte ^ 1 : byte));
    expect(await failure(ada.lookup('grace-4'))).toBe('DIRECTORY_PROOF');
    // An answer of before, to the very same question.
    let kept: Uint8Array | undefined;
    answers = (answer) => (kept ??= answer);
    await ada.lookup('grace-4');
    expect(await failure(ada.lookup('grace-4'))).toBe('DIRECTORY_PROOF');
    answers = () => new Uint8Array(200_000);
    expect(await failure(ada.lookup('grace-4'))).toBe('FRAME_TOO_LARGE');
    answers = () => new Uint8Array(3);
    expect(await failure(ada.lookup('grace-4'))).toBe('INVALID_FRAME');
    answers = (answer) => answer;
    expect(await ada.lookup('grace-4')).toMatchObject({ status: 'same', identityKey: grace.identityKey });
    expect(await failure(as('other', memoryStore(), { directoryKey: grace.identityKey }))).toBe('DIRECTORY_PROOF');
    await as('other', memoryStore(), { directoryKey: ada.directoryKey });
  });

  it('notice a directory that was replaced or rolled back', async () => {
    const [one, two] = [await open('one.redb'), await open('two.redb')];
    const store = memoryStore();
    const ada = await register({ relay: one.url, userId: 'ada', store });
    await register({ relay: one.url, userId: 'grace' });
    await ada.lookup('grace');
    expect(await failure(register({ relay: two.url, store })), 'another directory').toBe('DIRECTORY_PROOF');

    // The same directory, from a copy of its file without Grace's newest keys.
    const graceStore = memoryStore();
    const { port } = two;
    await register({ relay: two.url, userId: 'grace', store: graceStore });
    const adaStore = memoryStore();
    const ada2 = await register({ relay: two.url, userId: 'ada', store: adaStore });
    await two.kill();
    const copy = await readFile(file('two.redb'));
    let again = await open('two.redb', port);
    await (await register({ relay: again.url, store: graceStore, name: 'Grace' })).renew();
    await ada2.lookup('grace');
    await again.kill();
    await writeFile(file('two.redb'), copy);
    again = await open('two.redb', port);
    expect(await failure(ada2.lookup('grace'))).toBe('DIRECTORY_ROLLED_BACK');
    await again.kill();
    await one.kill();
  });

  it('keep their id when they are removed, and come back under it', async () => {
    const other = await open('other.redb');
    const store = memoryStore();
    const reader = await register({ relay: other.url, userId: 'reader', store });
    const first = await register({ relay: other.url, userId: 'somebody' });
    await reader.lookup('somebody');
    await first.remove();
    expect(await failure(reader.lookup('somebody'))).toBe('UNKNOWN_USER');
    expect(await failure(register({ relay: other.url, userId: 'somebody' }))).toBe('USER_TAKEN');
    await first.renew();
    expect(await reader.lookup('somebody')).toMatchObject({ status: 'same' });
    await other.kill();
  });

  it('are kept apart from each other by limits', async () => {
    const strict = await open('strict.redb', 0, ['--invitations-per-minute=2', '--registrations-per-minute=2']);
    const ada = await register({ relay: strict.url, userId: 'ada' });
    await register({ relay: strict.url, userId: 'grace' });
    expect(await failure(register({ relay: strict.url, userId: 'third' }))).toBe('RATE_LIMITED');
    const invite = () => failure(ada.invite('grace', CODE));
    expect([await invite(), await invite()]).toEqual(['nothing', 'RATE_LIMITED']);
    await strict.kill();
  });

  it('may ask for many things at once', async () => {
    const store = memoryStore();
    const ada = await as('ada-6', store);
    const others: People[] = await Promise.all(['b-6', 'c-6', 'd-6'].map((id) => as(id)));
    const found = await Promise.all(others.map(({ userId }) => ada.lookup(userId)));
    expect(found.map(({ identityKey }) => identityKey)).toEqual(others.map(({ identityKey }) => identityKey));
    await Promise.all(others.map(({ userId }) => ada.invite(userId, CODE)));
    for (const other of others) expect(await other.invitations()).toHaveLength(1);
  });
});

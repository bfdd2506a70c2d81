import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRoom, fileStore, joinRoom, memoryStore, openIdentity } from '../../js/room/index.js';
import { roomWasm } from '../../js/load-room.js';
import type { Identity, IdentityStore, Member, Message, Room, RoomEvent } from '../../js/room/index.js';
import { codeOf, codeOfAsync } from '../js/helpers.js';
import { joinArthas } from './arthas-member.js';
import { startRelay, type Relay } from './helpers.js';
import { watch, type Watch } from './watch.js';

let relay: Relay;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hushroom-identity-'));
  relay = await startRelay(0, ['--joins-per-minute', '0']);
});
afterAll(async () => {
  await relay.kill();
  await rm(folder, { recursive: true, force: true });
});

type Of<T extends RoomEvent['type']> = Extract<RoomEvent, { type: T }>;

function first<T extends RoomEvent['type']>(sees: Watch, type: T, test: (event: Of<T>) => boolean = () => true): Promise<Of<T>> {
  return sees.until((events) => events.find((event): event is Of<T> => event.type === type && test(event as Of<T>)), `a ${type}`);
}

const create = (identity?: Identity, protocol: 'hush1' | 'arthas' = 'hush1', name = 'Grace') =>
  createRoom({ relay: relay.url, protocol, name, ...(identity !== undefined && { identity }) });
const enter = (code: string, name: string, identity?: Identity) =>
  joinRoom({ relay: relay.url, code, name, ...(identity !== undefined && { identity }) });

const other = (room: Room, name?: string): Member => room.members.find((member) => !member.self && (name === undefined || member.name === name))!;
const arrived = (room: Room, sees: Watch, name: string): Promise<Member> => sees.until(() => other(room, name), name);
const heard = (sees: Watch, text: string): Promise<Message> =>
  first(sees, 'message', ({ message }) => message.text === text).then(({ message }) => message);
const shown = (room: Room, text: string) => room.getSnapshot().messages.find((message) => message.text === text)?.verification;
const gone = (sees: Watch, id: string) => first(sees, 'member-left', ({ member }) => member.id === id);

/** Grace in a room of hers, and what she sees. */
async function grace(identity?: Identity, protocol?: 'hush1' | 'arthas') {
  const room = await create(identity, protocol);
  return { room, sees: watch(room) };
}

describe('safety numbers', () => {
  it('are the same on both sides, in every room, and for the whole room', async () => {
    const [ada, grace_] = [await openIdentity(), await openIdentity()];
    const numbers: string[] = [];
    for (const protocol of ['hush1', 'hush1', 'arthas'] as const) {
      const { room, sees } = await grace(grace_, protocol);
      const theirs = await enter(room.code, 'Ada', ada);
      const theySee = watch(theirs);
      await sees.until(() => other(room)?.deviceKey || undefined, 'Ada with her key');
      await theySee.until(() => other(theirs)?.deviceKey || undefined, 'Grace with her key');
      const [one, two] = [room.safetyNumber(other(room).id), theirs.safetyNumber(other(theirs).id)];
      expect(one.digits).toMatch(/^\d{60}$/);
      expect(two.digits).toBe(one.digits);
      expect(one.scannable).toHaveLength(74);
      expect(one.compare(two.scannable)).toBe('same');
      expect(one.compare(one.scannable)).toBe('different');
      expect(one.compare(Uint8Array.from(two.scannable, (byte, at) => (at === 1 ? 2 : byte)))).toBe('other-version');
      expect(codeOf(() => one.compare(new Uint8Array(74)))).toBe('INVALID_MESSAGE');
      expect(() => one.compare('x' as never)).toThrow(TypeError);
      expect(room.safetyNumber().digits).toBe(theirs.safetyNumber().digits);
      expect(room.safetyNumber().digits).not.toBe(one.digits);
      expect(codeOf(() => room.safetyNumber('nobody'))).toBe('UNKNOWN_MEMBER');
      expect(codeOf(() => room.safetyNumber(room.selfId))).toBe('INVALID_ARGUMENT');
      numbers.push(one.digits);
      await Promise.all([room.close(), theirs.close()]);
    }
    expect(numbers[1]).toBe(numbers[0]);
    // The same identity, and another key.
    expect(numbers[2]).not.toBe(numbers[0]);
  });
});

describe('an identity that is kept', () => {
  it('is the same device after a restart, and knows whom it verified', async () => {
    const store = fileStore(join(folder, 'grace'));
    const ada = await openIdentity();
    const first_ = await openIdentity({ store });
    const { room, sees } = await grace(first_);
    expect(room.members[0]).toMatchObject({ self: true, deviceKey: first_.deviceKey, verified: true, keyChanged: false });
    let theirs = await enter(room.code, 'Ada', ada);
    expect(await arrived(room, sees, 'Ada')).toMatchObject({ deviceKey: ada.deviceKey, verified: false, keyChanged: false });
    await room.verify(other(room).id);
    expect(other(room).verified).toBe(true);
    expect((await first(sees, 'member-trust')).member).toMatchObject({ name: 'Ada', verified: true });
    await theirs.close();
    await room.close();

    // Another process, another room, another name.
    const again = await openIdentity({ store: fileStore(join(folder, 'grace')) });
    expect(again.deviceKey).toBe(first_.deviceKey);
    expect(await again.knownDevices()).toMatchObject([{ deviceKey: ada.deviceKey, name: 'Ada', verified: true }]);
    const next = await grace(again);
    theirs = await enter(next.room.code, 'Ada L.', ada);
    expect(await arrived(next.room, next.sees, 'Ada L.')).toMatchObject({ verified: true, keyChanged: false });
    await next.room.verify(other(next.room).id, false);
    expect(other(next.room).verified).toBe(false);
    await next.room.close();
    await theirs.close();
    expect(await again.knownDevices()).toMatchObject([{ name: 'Ada L.', verified: false }]);
  });

  it('is one device in a room twice, and both are trusted alike', async () => {
    const ada = await openIdentity();
    const { room, sees } = await grace();
    const tabs = [await enter(room.code, 'Ada', ada), await enter(room.code, 'Ada', ada)] as const;
    const looks = tabs.map(watch);
    await sees.until(() => room.members.length === 3, 'both');
    const [one, two] = room.members.filter((member) => !member.self);
    expect(one!.deviceKey).toBe(two!.deviceKey);
    expect([one!.keyChanged, two!.keyChanged]).toEqual([false, false]);
    await room.verify(one!.id);
    expect(room.members.map(({ verified }) => verified)).toEqual([true, true, true]);
    await looks[0]!.until(() => tabs[0].members.length === 3, 'the other tab');
    expect(tabs[0].members.find(({ deviceKey, self }) => !self && deviceKey === ada.deviceKey)).toMatchObject({ verified: true });
    await tabs[0].send('from a tab');
    expect((await heard(sees, 'from a tab')).verification).toBe('verified');
    expect((await heard(looks[1]!, 'from a tab')).verification).toBe('verified');
    // The room's number counts a device once.
    await tabs[1].close();
    await sees.until(() => room.members.length === 2, 'one tab less');
    await looks[0]!.until(() => tabs[0].members.length === 2, 'one tab less');
    expect(room.safetyNumber().digits).toBe(tabs[0].safetyNumber().digits);
    await Promise.all([room.close(), tabs[0].close()]);
    expect((await ada.knownDevices()).map(({ deviceKey }) => deviceKey)).not.toContain(ada.deviceKey);
  });

  it('tells other rooms and objects on its store what has changed', async () => {
    const store = memoryStore();
    const [ada, here, there] = [await openIdentity(), await openIdentity({ store }), await openIdentity({ store })];
    const [one, two] = [await grace(here), await grace(there)];
    const theirs = [await enter(one.room.code, 'Ada', ada), await enter(two.room.code, 'Ada', ada)];
    await arrived(one.room, one.sees, 'Ada');
    await arrived(two.room, two.sees, 'Ada');
    await one.room.verify(other(one.room).id);
    expect((await first(two.sees, 'member-trust')).member.verified).toBe(true);
    await there.forget(ada.deviceKey);
    expect((await first(one.sees, 'member-trust', ({ member }) => !member.verified)).member.keyChanged).toBe(false);
    await Promise.all([one.room, two.room, ...theirs].map((room) => room.close()));
  });
});

describe('a room for two', () => {
  it('is remembered with its other member, who gets back in with the same identity alone', async () => {
    const [adaStore, graceStore] = [memoryStore(), memoryStore()];
    const [ada, grace_] = [await openIdentity({ store: adaStore }), await openIdentity({ store: graceStore })];
    const room = await createRoom({ relay: relay.url, name: 'Grace', maxMembers: 2, identity: grace_ });
    const sees = watch(room);
    let theirs = await enter(room.code, 'Ada', ada);
    await arrived(room, sees, 'Ada');
    await theirs.send('once');
    await heard(sees, 'once');
    const before = other(room).id;
    await theirs.close();
    await gone(sees, before);
    expect(await codeOfAsync(enter(room.code, 'Ada'))).toBe('INVITATION_USED');
    theirs = await enter(room.code, 'Ada', await openIdentity({ store: adaStore }));
    expect(await arrived(room, sees, 'Ada')).toMatchObject({ deviceKey: ada.deviceKey, keyChanged: false });
    await theirs.send('twice');
    await heard(sees, 'twice');
    const roomId = room.code.split(':')[1]!;
    await Promise.all([theirs.close(), room.close()]);
    for (const [store, partner] of [[adaStore, grace_], [graceStore, ada]] as const) {
      const machine = roomWasm().IdentityMachine.load((await store.get())!);
      expect(machine.partner(roomId)).toBe(partner.deviceKey);
      expect(machine.partner('V1StGXR8_Z5jdHi6B-myT')).toBeUndefined();
      machine.free();
    }
  });
});

describe('another key under a name that is known', () => {
  it('is told, marks what it says, and counts once it is acknowledged', async () => {
    const store = fileStore(join(folder, 'pins'));
    const [ada, eve] = [await openIdentity(), await openIdentity()];
    const { room, sees } = await grace(await openIdentity({ store }));
    let theirs = await enter(room.code, 'Ada', ada);
    await arrived(room, sees, 'Ada');
    await theirs.send('by Ada');
    expect((await heard(sees, 'by Ada')).verification).toBe('verified');
    const before = other(room).id;
    await theirs.close();
    await gone(sees, before);

    const impostor = await enter(room.code, 'ADA', eve);
    const changed = await first(sees, 'key-changed');
    expect(changed).toMatchObject({ member: { name: 'ADA', keyChanged: true, verified: false }, previousKey: ada.deviceKey });
    const joined = sees.events.findIndex((event) => event.type === 'member-joined' && event.member.name === 'ADA');
    expect(sees.events[joined]).toMatchObject({ member: { keyChanged: true } });
    expect(sees.events.indexOf(changed)).toBeGreaterThan(joined);
    await impostor.send('by Eve');
    expect((await heard(sees, 'by Eve')).verification).toBe('key-changed');
    expect(shown(room, 'by Ada')).toBe('verified');

    // Ada comes back while the other is there: her key is the one that is known.
    theirs = await enter(room.code, 'Ada', ada);
    expect(await arrived(room, sees, 'Ada')).toMatchObject({ keyChanged: false });
    await theirs.send('by Ada again');
    expect((await heard(sees, 'by Ada again')).verification).toBe('verified');

    await room.acknowledgeKey(other(room, 'ADA').id);
    expect(other(room, 'ADA')).toMatchObject({ keyChanged: false, verified: false });
    expect((await first(sees, 'message-changed')).message).toMatchObject({ text: 'by Eve', verification: 'verified', from: { keyChanged: false } });
    expect(shown(room, 'by Eve')).toBe('verified');
    await impostor.send('by Eve again');
    expect((await heard(sees, 'by Eve again')).verification).toBe('verified');
    await Promise.all([impostor.close(), theirs.close()]);

    // Both stay accepted, and a third is not, also for another object on the store.
    const code = room.code;
    const keeper = await enter(code, 'Keeper');
    await room.close();
    const back = await enter(code, 'Grace', await openIdentity({ store: fileStore(join(folder, 'pins')) }));
    const seesBack = watch(back);
    for (const [identity, known] of [[ada, true], [eve, true], [undefined, false]] as const) {
      const again = await enter(code, 'Ada', identity);
      expect(await arrived(back, seesBack, 'Ada')).toMatchObject({ keyChanged: !known });
      const { id } = other(back, 'Ada');
      // Who has said something is heard saying goodbye, too.
      await again.send(id);
      expect((await heard(seesBack, id)).verification).toBe(known ? 'verified' : 'key-changed');
      await again.close();
      await gone(seesBack, id);
    }
    await Promise.all([back.close(), keeper.close()]);
  });

  it('counts also when it was verified, and what a member said who has left', async () => {
    const { room, sees } = await grace();
    const theirs = await enter(room.code, 'Ada');
    const impostor = await enter(room.code, 'Ada');
    const { member } = await first(sees, 'key-changed');
    await impostor.send('one');
    await heard(sees, 'one');
    await impostor.close();
    await gone(sees, member.id);
    await room.verify(member.id);
    expect((await first(sees, 'message-changed')).message).toMatchObject({ text: 'one', verification: 'verified' });
    await Promise.all([room.close(), theirs.close()]);
    expect(await codeOfAsync(room.verify(member.id))).toBe('CLOSED');
  });

  it('is refused to be acknowledged for nobody', async () => {
    const { room } = await grace();
    expect(await codeOfAsync(room.acknowledgeKey('nobody'))).toBe('UNKNOWN_MEMBER');
    expect(await codeOfAsync(room.acknowledgeKey(room.selfId))).toBe('INVALID_ARGUMENT');
    await expect(room.verify(room.selfId, 1 as never)).rejects.toThrow(TypeError);
    await room.close();
  });
});

describe('a store that fails in the middle', () => {
  it('is told, and the room goes on without pretending that anything is kept', async () => {
    const memory = memoryStore();
    let fails = false;
    const store: IdentityStore = { get: () => memory.get(), set: (state) => (fails ? Promise.reject(new Error('full')) : memory.set(state)) };
    const identity = await openIdentity({ store });
    const { room, sees } = await grace(identity);
    fails = true;
    const theirs = await enter(room.code, 'Ada');
    expect((await first(sees, 'error')).error.code).toBe('STORE_FAILED');
    expect(await codeOfAsync(room.verify(other(room).id))).toBe('STORE_FAILED');
    expect(other(room)).toMatchObject({ verified: false, keyChanged: false });
    expect(await identity.knownDevices()).toEqual([]);
    await theirs.send('still here');
    expect((await heard(sees, 'still here')).verification).toBe('verified');
    // What this room has seen it knows as long as it lasts.
    const impostor = await enter(room.code, 'ada');
    expect((await first(sees, 'key-changed')).previousKey).toBe(other(room, 'Ada').deviceKey);
    expect(await codeOfAsync(room.acknowledgeKey(other(room, 'ada').id))).toBe('STORE_FAILED');
    expect(other(room, 'ada').keyChanged).toBe(true);
    fails = false;
    await room.acknowledgeKey(other(room, 'ada').id);
    expect(other(room, 'ada').keyChanged).toBe(false);
    await Promise.all([room, theirs, impostor].map((one) => one.close()));
  });
});

describe('in an Arthas room', () => {
  it('a key counts from when it is announced, and another one under the same name does not', async () => {
    const identity = await openIdentity();
    const { room, sees } = await grace(identity, 'arthas');
    expect(room.members[0]!.deviceKey).not.toBe(identity.deviceKey);
    const ada = await joinArthas(`${relay.url.replace('http', 'ws')}/ws`, room.code, 'Ada');
    await arrived(room, sees, 'Ada');
    const silent = other(room).id;
    for (const call of [() => room.safetyNumber(silent), () => room.safetyNumber()]) expect(codeOf(call)).toBe('INVALID_STATE');
    expect(await codeOfAsync(room.verify(silent))).toBe('INVALID_STATE');
    ada.say(ada.signed({ text: 'before' }));
    expect((await heard(sees, 'before')).verification).toBe('unknown');
    ada.announce();
    await first(sees, 'message-changed', ({ message }) => message.verification === 'verified');
    await room.verify(silent);
    expect(other(room)).toMatchObject({ verified: true, deviceKey: ada.publicKey });
    await ada.close();
    await gone(sees, silent);

    // Their clients make a key for each stay.
    const again = await joinArthas(`${relay.url.replace('http', 'ws')}/ws`, room.code, 'Ada');
    await arrived(room, sees, 'Ada');
    expect(other(room)).toMatchObject({ deviceKey: '', verified: false, keyChanged: false });
    again.announce();
    const { member, previousKey } = await first(sees, 'key-changed');
    expect({ key: member.deviceKey, previousKey }).toEqual({ key: again.publicKey, previousKey: ada.publicKey });
    again.say(again.signed({ text: 'after' }));
    expect((await heard(sees, 'after')).verification).toBe('key-changed');
    again.say({ text: 'plain' });
    expect((await heard(sees, 'plain')).verification).toBe('unsigned');
    await room.acknowledgeKey(member.id);
    await first(sees, 'message-changed', ({ message }) => message.text === 'after' && message.verification === 'verified');
    expect(shown(room, 'plain')).toBe('unsigned');
    await again.close();
    await room.close();
  });
});

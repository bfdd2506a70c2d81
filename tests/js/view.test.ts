import { afterEach, describe, expect, it, vi } from 'vitest';

import { hushError } from '../../js/errors.js';
import type { OutgoingTransfer, Room, RoomEvent, SafetyNumber, TransferProgress } from '../../js/room/index.js';
import {
  INITIAL, lastMessages, onRoomEvent, Opening, safetyBasis, safetyNumber, transferViews, typingMembers,
} from '../../js/view/index.js';
import { fakeRoom, gate, member, message, turn, uncaught } from './fake-room.js';

afterEach(() => vi.unstubAllGlobals());

describe('an opening', () => {
  function setup() {
    const signals: AbortSignal[] = [];
    const gates: ReturnType<typeof gate<Room>>[] = [];
    const opening = new Opening(({ signal }) => {
      signals.push(signal);
      const one = gate<Room>();
      gates.push(one);
      return one.promise;
    });
    const states: string[] = [];
    opening.subscribe(() => states.push(opening.getState().status));
    return { opening, signals, gates, states };
  }

  it('does nothing until somebody wants the room, and opens it once for all who do', async () => {
    const { opening, gates, states } = setup();
    expect(opening.getState()).toBe(INITIAL);
    expect(gates).toHaveLength(0);
    opening.retain();
    opening.retain();
    expect(gates).toHaveLength(1);
    expect(opening.getState()).toBe(INITIAL);
    const { room, store } = fakeRoom();
    gates[0]?.open(room);
    await turn();
    const state = opening.getState();
    expect(state).toEqual({ room, status: 'open', snapshot: room.getSnapshot() });
    expect(opening.getState()).toBe(state);
    store.putMessage(message('1'));
    store.flush();
    expect(opening.getState()).not.toBe(state);
    expect(opening.getState().snapshot.messages).toHaveLength(1);
    store.setStatus('reconnecting');
    store.flush();
    expect(states).toEqual(['open', 'open', 'reconnecting']);
  });

  it('is not ended by who comes back in the same turn, and closes its room once when nobody does', async () => {
    const { opening, gates, signals, states } = setup();
    const fake = fakeRoom();
    opening.retain();
    opening.release();
    opening.retain();
    gates[0]?.open(fake.room);
    await turn();
    opening.release();
    opening.retain();
    await turn();
    expect([fake.closed, gates.length, signals[0]?.aborted]).toEqual([0, 1, false]);
    opening.release();
    expect(fake.closed).toBe(0);
    await turn();
    expect([fake.closed, gates.length, signals[0]?.aborted]).toEqual([1, 1, true]);
    expect(opening.getState()).toMatchObject({ room: fake.room, status: 'closed' });
    expect(opening.getState()).not.toHaveProperty('error');
    expect(states).toEqual(['open', 'closed']);
  });

  it('opens again for who comes later', async () => {
    const { opening, gates, states } = setup();
    const [first, second] = [fakeRoom(), fakeRoom()];
    opening.retain();
    gates[0]?.open(first.room);
    await turn();
    opening.release();
    await turn();
    opening.retain();
    expect(opening.getState()).toBe(INITIAL);
    gates[1]?.open(second.room);
    await turn();
    expect(opening.getState().room).toBe(second.room);
    expect([first.closed, second.closed, first.subscriptions]).toEqual([1, 0, 0]);
    expect(states).toEqual(['open', 'closed', 'connecting', 'open']);
  });

  it.each(['rejects', 'resolves'] as const)('is given up when nobody waits any more, and %s after that', async (way) => {
    const { opening, gates, signals, states } = setup();
    const fake = fakeRoom();
    opening.retain();
    opening.release();
    await turn();
    expect(signals[0]?.aborted).toBe(true);
    expect(opening.getState()).toMatchObject({ status: 'closed' });
    if (way === 'rejects') gates[0]?.fail(signals[0]?.reason);
    else gates[0]?.open(fake.room);
    await turn();
    expect(fake.closed).toBe(way === 'rejects' ? 0 : 1);
    expect(opening.getState().room).toBeUndefined();
    expect(states).toEqual(['closed']);
  });

  it('that was given up does not disturb the next one', async () => {
    const { opening, gates } = setup();
    const [late, current] = [fakeRoom(), fakeRoom()];
    opening.retain();
    opening.release();
    await turn();
    opening.retain();
    gates[1]?.open(current.room);
    await turn();
    gates[0]?.open(late.room);
    await turn();
    expect(opening.getState().room).toBe(current.room);
    expect([late.closed, current.closed]).toEqual([1, 0]);
  });

  it.each<[string, () => Promise<Room>, unknown]>([
    ['a rejection', () => Promise.reject(hushError('ROOM_FULL', 'full')), { code: 'ROOM_FULL' }],
    ['an exception', () => { throw new TypeError('wrong'); }, new TypeError('wrong')],
    ['a falsy reason', () => Promise.reject(null), null],
    ['what is no room', () => Promise.resolve({} as Room), new TypeError('open must resolve to a room')],
    ['nothing', () => Promise.resolve(undefined as unknown as Room), new TypeError('open must resolve to a room')],
  ])('fails with %s', async (_, open, error) => {
    const opening = new Opening(open);
    let told = 0;
    opening.subscribe(() => (told += 1));
    opening.retain();
    await turn();
    const state = opening.getState();
    expect(state.status).toBe('failed');
    expect(state.snapshot).toBe(INITIAL.snapshot);
    if (error === null) expect(state.error).toBeNull();
    else expect(state.error).toMatchObject(error as object);
    expect([opening.getState() === state, told]).toEqual([true, 1]);
    // Who looks once nobody wants the room any more can still read why.
    opening.release();
    await turn();
    expect(opening.getState()).toBe(state);
  });

  it('says why its room has ended', async () => {
    const { opening, gates } = setup();
    const fake = fakeRoom();
    opening.retain();
    gates[0]?.open(fake.room);
    await turn();
    const reason = hushError('ROOM_EXPIRED', 'expired');
    fake.end(reason);
    expect(opening.getState()).toMatchObject({ status: 'closed', error: reason, room: fake.room });
  });

  it('of a room that is handed in only looks at it', async () => {
    const { room, store, ...fake } = fakeRoom();
    const opening = new Opening(room);
    expect(opening.getState()).toEqual({ room, status: 'open', snapshot: room.getSnapshot() });
    let told = 0;
    const stops = [1, 2].map(() => opening.subscribe(() => (told += 1)));
    opening.retain();
    store.putMessage(message('1'));
    store.flush();
    expect(told).toBe(2);
    for (const stop of stops) stop();
    opening.release();
    await turn();
    store.putMessage(message('2'));
    store.flush();
    expect([told, fake.closed, opening.getState().status]).toEqual([2, 0, 'open']);
    expect(opening.getState().snapshot.messages).toHaveLength(2);
  });

  it('watches a room only while somebody listens', () => {
    const fake = fakeRoom();
    const opening = new Opening(fake.room);
    const listener = vi.fn();
    const [one, other] = [opening.subscribe(listener), opening.subscribe(listener)];
    expect(fake.subscriptions).toBe(1);
    one();
    one();
    fake.store.setStatus('reconnecting');
    fake.store.flush();
    expect(listener).toHaveBeenCalledTimes(1);
    other();
    expect(fake.subscriptions).toBe(0);
  });

  it('has an empty snapshot that cannot be changed', () => {
    const { snapshot } = INITIAL;
    for (const it of [INITIAL, ...Object.values(snapshot), snapshot]) expect(Object.isFrozen(it)).toBe(true);
  });
});

describe('events', () => {
  const expiry = (expiresAt: number): RoomEvent => ({ type: 'expiry', expiresAt });

  it('of one type come in order until stopped', async () => {
    const fake = fakeRoom();
    const seen: number[] = [];
    const stop = onRoomEvent(fake.room, 'expiry', ({ expiresAt }) => seen.push(expiresAt));
    fake.emit(expiry(1));
    fake.emit({ type: 'message-expired', messageId: '1' });
    fake.emit(expiry(2));
    await turn();
    expect(seen).toEqual([1, 2]);
    fake.emit(expiry(3));
    stop();
    await turn();
    expect([seen, fake.iterations]).toEqual([[1, 2], 0]);
  });

  it('are not handled any more once a handler has stopped them', async () => {
    const fake = fakeRoom();
    const seen: number[] = [];
    const stop = onRoomEvent(fake.room, 'expiry', ({ expiresAt }) => {
      seen.push(expiresAt);
      stop();
    });
    fake.emit(expiry(1));
    fake.emit(expiry(2));
    await turn();
    expect(seen).toEqual([1]);
  });

  it('end with the room, the last one included', async () => {
    const fake = fakeRoom();
    const seen: unknown[] = [];
    onRoomEvent(fake.room, 'status', ({ status }) => seen.push(status));
    fake.emit({ type: 'status', status: 'closed' });
    fake.end(hushError('CLOSED', 'over'));
    await turn();
    expect([seen, fake.iterated]).toEqual([['closed'], 1]);
  });

  it('go on after some were lost, which a handler of errors is told', async () => {
    const fake = fakeRoom({ inboxSize: 2 });
    const [seen, errors]: [number[], string[]] = [[], []];
    onRoomEvent(fake.room, 'expiry', ({ expiresAt }) => seen.push(expiresAt));
    onRoomEvent(fake.room, 'error', ({ error }) => errors.push(error.code));
    for (let index = 0; index < 5; index += 1) fake.emit(expiry(index));
    await turn();
    fake.emit(expiry(9));
    fake.emit({ type: 'error', error: hushError('RATE_LIMITED', 'slow down') });
    await turn();
    expect(seen).toEqual([0, 1, 9]);
    expect(errors).toEqual(['MESSAGES_LOST', 'RATE_LIMITED']);
  });

  it('survive a handler that throws', async () => {
    const errors = uncaught();
    const fake = fakeRoom();
    const seen: number[] = [];
    const stop = onRoomEvent(fake.room, 'expiry', ({ expiresAt }) => {
      seen.push(expiresAt);
      if (expiresAt === 1) throw new Error('mine');
    });
    fake.emit(expiry(1));
    fake.emit(expiry(2));
    await turn();
    expect([seen, errors]).toEqual([[1, 2], [new Error('mine')]]);
    stop();
  });
});

describe('lists', () => {
  it('of last messages are the same while nothing in them has changed', () => {
    const { room, store } = fakeRoom();
    for (const id of ['1', '2', '3']) store.putMessage(message(id));
    const last = lastMessages(2);
    const ids = () => last(room.getSnapshot()).map(({ id }) => id);
    const first = last(room.getSnapshot());
    expect(ids()).toEqual(['2', '3']);
    store.react('1', '!', 'ada', true);
    expect(last(room.getSnapshot())).toBe(first);
    store.react('2', '!', 'ada', true);
    expect(last(room.getSnapshot())).not.toBe(first);
    store.putMessage(message('4'));
    expect(ids()).toEqual(['3', '4']);
    expect(lastMessages(undefined)(room.getSnapshot())).toBe(room.getSnapshot().messages);
    expect(lastMessages(10)(room.getSnapshot())).toHaveLength(4);
    const none = lastMessages(0);
    expect(none(room.getSnapshot())).toEqual([]);
    expect(none(room.getSnapshot())).toBe(none(INITIAL.snapshot));
  });

  it.each([[-1, RangeError], [1.5, RangeError], [NaN, RangeError], [Infinity, RangeError], ['2', TypeError], [null, TypeError]])(
    'have no limit of %j', (limit, error) => {
      expect(() => lastMessages(limit as number)).toThrow(error);
    },
  );

  it('of who types hold others who are here, and are the same until that changes', () => {
    const { room, store } = fakeRoom();
    const [grace, eve] = [member('grace'), member('eve')];
    store.putMember(grace);
    store.putMember(eve);
    const typing = typingMembers();
    const none = typing(room.getSnapshot());
    expect(none).toEqual([]);
    store.setTyping('grace', true);
    store.setTyping('ada', true);
    store.setTyping('nobody', true);
    const one = typing(room.getSnapshot());
    expect(one).toEqual([grace]);
    store.putMember({ ...eve, presence: 'away' });
    store.putMessage(message('1'));
    expect(typing(room.getSnapshot())).toBe(one);
    store.removeMember('grace');
    expect(typing(room.getSnapshot())).toEqual([]);
    store.dispose();
  });
});

it('transfers are viewed anew when they have moved, and only they', () => {
  const progress = (bytes: number): TransferProgress => ({ state: 'running', bytes, total: 9, rate: 0, secondsLeft: undefined });
  const transfer = (id: string) => ({ id, progress: progress(0), state: 'running' }) as { -readonly [K in keyof OutgoingTransfer]: OutgoingTransfer[K] };
  const [a, b] = [transfer('a'), transfer('b')];
  const list = [a, b];
  const before = transferViews(list);
  expect(before.map((view) => [view.transfer, view.state, view.progress])).toEqual([[a, 'running', a.progress], [b, 'running', b.progress]]);
  a.progress = progress(5);
  // The room has not told of it yet: two readers in one rendering see the same.
  expect(transferViews(list)).toBe(before);
  const after = transferViews([...list]);
  expect(after[0]).toEqual({ transfer: a, state: 'running', progress: progress(5) });
  expect(after[0]).not.toBe(before[0]);
  expect(after[1]).toBe(before[1]);
});

describe('a safety number', () => {
  const number = { digits: '1' } as SafetyNumber;

  it('is told if it can be', () => {
    const { room } = fakeRoom({ safetyNumber: ((id?: string) => (id === undefined ? { digits: 'all' } : number)) as Room['safetyNumber'] });
    expect(safetyNumber(room, 'grace')).toBe(number);
    expect(safetyNumber(room)).toEqual({ digits: 'all' });
  });

  it.each(['UNKNOWN_MEMBER', 'INVALID_ARGUMENT', 'INVALID_STATE', 'CLOSED'] as const)('is nothing when the room says %s', (code) => {
    const { room } = fakeRoom({ safetyNumber: () => { throw hushError(code, 'no'); } });
    expect(safetyNumber(room, 'grace')).toBeUndefined();
  });

  it('is nothing in a closed room, and other errors are not hidden', () => {
    const fake = fakeRoom({ safetyNumber: () => { throw hushError('INTERNAL', 'broken'); } });
    expect(() => safetyNumber(fake.room)).toThrow('broken');
    fake.end(hushError('CLOSED', 'over'));
    expect(safetyNumber(fake.room)).toBeUndefined();
  });

  it('depends on keys and on nothing else', () => {
    const { room, store } = fakeRoom();
    const grace = member('grace');
    store.putMember(grace);
    const basis = (id?: string) => safetyBasis(room.getSnapshot(), id);
    const [one, all] = [basis('grace'), basis()];
    store.putMember({ ...grace, presence: 'away', name: 'Grace' });
    store.putMessage(message('1'));
    expect([basis('grace'), basis()]).toEqual([one, all]);
    store.putMember(member('eve'));
    expect(basis('grace')).toBe(one);
    expect(basis()).not.toBe(all);
    store.putMember({ ...grace, deviceKey: 'another' });
    expect(basis('grace')).not.toBe(one);
    store.setStatus('closed');
    expect(basis('nobody')).not.toBe(safetyBasis(INITIAL.snapshot, 'nobody'));
  });
});

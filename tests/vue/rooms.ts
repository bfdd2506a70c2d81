import { effectScope, type EffectScope } from 'vue';

import { createInbox, type Inbox } from '../../js/room/inbox.js';
import { createStore, type Store } from '../../js/room/store.js';
import type { Member, Message, Room, RoomEvent } from '../../js/room/index.js';
import type { OpenRoom } from '../../js/vue/index.js';

/** A member with these. */
export const member = (id: string, rest: Partial<Member> = {}): Member => ({
  id, name: id, self: false, deviceKey: `key of ${id}`, verified: false, keyChanged: false, presence: 'here', ...rest,
});

/** A message with this text. */
export const message = (id: string, text = id): Message => ({
  id, from: member('grace'), text, verification: 'verified', sentAt: 0, receivedAt: 0, accepted: true, reactions: {},
});

/** A room without a relay: what happens in it is up to the test. What it holds is in the store of real rooms. */
export interface FakeRoom {
  readonly room: Room;
  readonly store: Store;
  readonly closes: number;
  readonly listeners: number;
  /** Ids, or nothing for the whole room, that safety numbers were made of. */
  readonly numbers: (string | undefined)[];
  emit(event: RoomEvent): void;
}

/** Such a room, open, with us in it. */
export function fakeRoom(): FakeRoom {
  const store = createStore(member('ada', { self: true }));
  store.setOpen(0, 0, false);
  const inboxes = new Set<Inbox>();
  const numbers: (string | undefined)[] = [];
  let closes = 0;
  let listeners = 0;
  const room = {
    code: 'hush1:V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
    protocol: 'hush1',
    get status() {
      return store.snapshot.status;
    },
    closeReason: undefined,
    getSnapshot: () => store.snapshot,
    subscribe(listener: () => void) {
      listeners += 1;
      const stop = store.subscribe(listener);
      return () => {
        listeners -= 1;
        stop();
      };
    },
    events({ signal }: { signal?: AbortSignal } = {}) {
      const inbox = createInbox(1024, () => inboxes.delete(inbox), signal);
      inboxes.add(inbox);
      return inbox.events;
    },
    safetyNumber(memberId?: string) {
      numbers.push(memberId);
      return { digits: `${memberId ?? 'all'} ${numbers.length}` };
    },
    close() {
      closes += 1;
      store.setStatus('closed');
      for (const inbox of inboxes) inbox.end();
      store.flush();
      return Promise.resolve();
    },
  } as unknown as Room;
  return {
    room,
    store,
    numbers,
    get closes() {
      return closes;
    },
    get listeners() {
      return listeners;
    },
    emit(event) {
      for (const inbox of inboxes) inbox.push(event);
    },
  };
}

/** A function that opens a room when the test says so, and what it was called with. */
export interface FakeOpen {
  readonly open: OpenRoom;
  readonly signals: AbortSignal[];
  resolve(room: Room): Promise<void>;
  reject(error: unknown): Promise<void>;
}

export function fakeOpen(): FakeOpen {
  const { promise, resolve, reject } = withResolvers<Room>();
  const signals: AbortSignal[] = [];
  return {
    open({ signal }) {
      signals.push(signal);
      return promise;
    },
    signals,
    resolve(room) {
      resolve(room);
      return turn();
    },
    reject(error) {
      reject(error);
      return turn();
    },
  };
}

// Node 20 has none.
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((...functions) => ([resolve, reject] = functions));
  return { promise, resolve, reject };
}

/** Runs `use` in an effect scope, and stops the scope. */
export async function inScope(use: (scope: EffectScope) => unknown): Promise<void> {
  const scope = effectScope();
  try {
    await scope.run(() => use(scope));
  } finally {
    scope.stop();
    await turn();
  }
}

/** Resolves in a later turn of the event loop, when what was put off to the next one is done. */
export const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

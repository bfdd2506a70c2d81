import { vi } from 'vitest';

import { hushError } from '../../js/errors.js';
import { createInbox, type Inbox } from '../../js/room/inbox.js';
import type { HushError, Member, Message, Room, RoomEvent } from '../../js/room/index.js';
import { createStore, type Store } from '../../js/room/store.js';

/** A room without a relay: its state and events are what a test makes of them. */
export interface FakeRoom {
  readonly room: Room;
  /** Its state. Listeners hear of a change with `flush()`. */
  readonly store: Store;
  emit(event: RoomEvent): void;
  /** The room ends by itself. */
  end(reason: HushError): void;
  /** How often it was closed. */
  readonly closed: number;
  /** How many subscriptions there are to its state, and iterations of its events. */
  readonly subscriptions: number;
  readonly iterations: number;
  /** How many iterations there have been. */
  readonly iterated: number;
}

export const member = (id: string, change: Partial<Member> = {}): Member => ({
  id, name: id, self: false, deviceKey: `key of ${id}`, verified: false, keyChanged: false, presence: 'here', ...change,
});

export const message = (id: string, change: Partial<Message> = {}): Message => ({
  id, from: member('grace'), text: `text ${id}`, verification: 'verified', sentAt: 0, receivedAt: 0, accepted: true, reactions: {}, ...change,
});

/** A room of Ada's that is open. */
export function fakeRoom({ inboxSize = 100, ...methods }: Partial<Room> & { inboxSize?: number } = {}): FakeRoom {
  const store = createStore(member('ada', { self: true }));
  store.setOpen(0, 0, false);
  const inboxes = new Set<Inbox>();
  let closed = 0;
  let subscriptions = 0;
  let iterated = 0;
  let closeReason: HushError | undefined;

  function finish(reason: HushError | undefined) {
    if (store.snapshot.status === 'closed') return;
    closeReason = reason;
    store.setStatus('closed');
    for (const inbox of [...inboxes]) inbox.end();
    store.flush();
    store.dispose();
  }

  const room = {
    code: 'code',
    protocol: 'hush1',
    selfId: 'ada',
    maxMembers: 50,
    get status() {
      return store.snapshot.status;
    },
    get closeReason() {
      return closeReason;
    },
    get members() {
      return store.snapshot.members;
    },
    getSnapshot: () => store.snapshot,
    subscribe(listener) {
      subscriptions += 1;
      const stop = store.subscribe(() => listener());
      return () => {
        subscriptions -= 1;
        stop();
      };
    },
    events({ signal } = {}) {
      iterated += 1;
      const inbox = createInbox(inboxSize, () => inboxes.delete(inbox), signal);
      inboxes.add(inbox);
      return inbox.events;
    },
    close() {
      closed += 1;
      finish(undefined);
      return Promise.resolve();
    },
    safetyNumber: (): never => {
      throw hushError('UNKNOWN_MEMBER', 'no such member');
    },
    ...methods,
  } as Partial<Room> as Room;

  return {
    room,
    store,
    emit(event) {
      for (const inbox of [...inboxes]) inbox.push(event);
    },
    end: finish,
    get closed() {
      return closed;
    },
    get subscriptions() {
      return subscriptions;
    },
    get iterations() {
      return inboxes.size;
    },
    get iterated() {
      return iterated;
    },
  };
}

/** A promise, and what settles it. */
export function gate<T = void>() {
  let open!: (value: T) => void;
  let fail!: (error: unknown) => void;
  const promise = new Promise<T>((resolve, reject) => [open, fail] = [resolve, reject]);
  return { promise, open, fail };
}

/** Resolves once what is due in this turn of the event loop, and in the next, was done. */
export async function turn(): Promise<void> {
  for (let round = 0; round < 2; round += 1) await new Promise((resolve) => setTimeout(resolve));
}

/** Errors that are reported as uncaught ones from now on, instead of failing the test. Until `vi.unstubAllGlobals`. */
export function uncaught(): unknown[] {
  const errors: unknown[] = [];
  vi.stubGlobal('queueMicrotask', (task: () => void) => {
    try {
      task();
    } catch (error) {
      errors.push(error);
    }
  });
  return errors;
}

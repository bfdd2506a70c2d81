import { hushError, isHushError } from '../errors.js';
import type { Bytes } from '../types.js';
import type { IdentityStore } from './types.js';

/** What everything that uses one store shares: the queue at it, and the news of what was kept. */
export interface Keeper {
  /** What is kept, without a turn. */
  get(): Promise<Uint8Array | undefined>;
  /** Only within a turn. */
  set(state: Uint8Array): Promise<void>;
  /** Runs `work` while nobody else is at the store, of this page or of another tab. */
  turn<T>(work: () => Promise<T>): Promise<T>;
  /** Tells those who watch that the contacts are these now. */
  announce(contacts: Uint8Array): void;
  /** Calls `listener` with the contacts after each turn that may have changed them. `read` gets those that another tab kept. */
  watch(listener: (contacts: Uint8Array) => void, read: () => Promise<Uint8Array>): () => void;
}

let keepers: WeakMap<IdentityStore, Keeper> | undefined;

/** The one keeper of a store object. */
export function keeperOf(store: IdentityStore): Keeper {
  keepers ??= new WeakMap();
  const known = keepers.get(store);
  if (known !== undefined) return known;
  const keeper = createKeeper(store);
  keepers.set(store, keeper);
  return keeper;
}

function createKeeper(store: IdentityStore): Keeper {
  /** Turns wait for each other: each reads the store and writes it. */
  let last: Promise<unknown> = Promise.resolve();
  const listeners = new Set<(contacts: Uint8Array) => void>();
  let stop: (() => void) | undefined;
  let refreshing = false;

  /** What another tab has kept. In a turn, so that it does not come behind what is newer. */
  function refresh(read: () => Promise<Uint8Array>) {
    if (refreshing) return;
    refreshing = true;
    const work = async () => {
      refreshing = false;
      keeper.announce(await read());
    };
    // What cannot be read now is read at the next change. A lock may fail before `work` begins.
    keeper.turn(work).catch(() => (refreshing = false));
  }

  const keeper: Keeper = {
    get: () => guarded(() => store.get()),
    set: (state) => guarded(() => store.set(state as Bytes)),
    turn(work) {
      // What `work` throws is not the store's: it passes through the lock in a box.
      const boxed = () => work().then((value) => ({ value }), (error: unknown) => ({ error }));
      const turn = last
        .then(() => (store.lock === undefined ? boxed() : guarded(() => store.lock!(boxed))))
        .then((box) => {
          if ('error' in box) throw box.error;
          return box.value;
        });
      last = turn.catch(() => undefined);
      return turn;
    },
    announce(contacts) {
      for (const listener of [...listeners]) listener(contacts);
    },
    watch(listener, read) {
      listeners.add(listener);
      stop ??= store.watch?.(() => refresh(read));
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = undefined;
      };
    },
  };
  return keeper;
}

/** Whatever a store throws, as an error of ours. */
async function guarded<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (isHushError(cause)) throw cause;
    throw hushError('STORE_FAILED', 'the store of the identity failed', cause);
  }
}

import { checkObject, checkString } from '../check.js';
import { hushError } from '../errors.js';
import type { IdentityMachine } from '../gen/room/glue.js';
import { roomWasm } from '../load-room.js';
import { keeperOf, type Keeper } from './keeper.js';
import { memoryStore } from './memory-store.js';
import type { Identity, IdentityStore, KnownDevice, OpenIdentityOptions } from './types.js';

/** @internal What rooms need of an identity. */
export interface KeptIdentity {
  /** The whole state, secrets included, for a room to start from. */
  state(): Promise<Uint8Array>;
  /** One turn at the store. What `work` changes is kept before it resolves, and open rooms know of it. */
  change<T>(work: (machine: IdentityMachine) => T): Promise<T>;
  /** Calls `listener` with the contacts whenever they may be different; returns how to stop it. */
  watch(listener: (contacts: Uint8Array) => void): () => void;
}

/** Identities that this module has made: what is public of them leads to the rest only here. */
let opened: WeakMap<Identity, KeptIdentity> | undefined;

/**
 * The identity that a store keeps; made, and kept, at first use. Give it to `createRoom` and `joinRoom`, so that others recognise this device
 * when it comes again, and this device them.
 *
 * @throws `STORE_FAILED` when the store does; `INVALID_IDENTITY` when it holds something else, or what a newer version has written;
 * `DECRYPT_FAILED` from `indexedDbStore`, likewise.
 *
 * @example
 * ```ts
 * import { createRoom, fileStore, openIdentity } from 'hushroom/room';
 *
 * const identity = await openIdentity({ store: fileStore('ada.identity') });
 * const room = await createRoom({ relay: 'ws://127.0.0.1:8787/ws', name: 'Ada', identity });
 * ```
 */
export async function openIdentity(options: OpenIdentityOptions = {}): Promise<Identity> {
  checkObject('options', options);
  const { store = memoryStore() } = options;
  checkObject('store', store);
  const identity = new StoredIdentity(store);
  await identity.open();
  const kept: KeptIdentity = {
    state: () => identity.state(),
    change: (work) => identity.change(work),
    watch: (listener) => identity.watch(listener),
  };
  (opened ??= new WeakMap()).set(identity, kept);
  return identity;
}

/** @internal What `openIdentity` gave. @throws TypeError for anything else. */
export function keptIdentity(identity: Identity): KeptIdentity {
  const kept = opened?.get(identity);
  if (kept === undefined) throw new TypeError('identity must come from openIdentity');
  return kept;
}

/** @internal The time of meetings, in Unix seconds. */
export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

class StoredIdentity implements Identity {
  readonly #keeper: Keeper;
  #deviceKey = '';

  constructor(store: IdentityStore) {
    this.#keeper = keeperOf(store);
  }

  get deviceKey(): string {
    return this.#deviceKey;
  }

  /** In a turn, so that of two who find nothing one makes it. What is made is kept before anybody sees it. */
  open(): Promise<void> {
    return this.#keeper.turn(async () => {
      const { IdentityMachine } = roomWasm();
      const kept = await this.#keeper.get();
      const machine = kept === undefined ? IdentityMachine.create() : IdentityMachine.load(kept);
      try {
        if (kept === undefined) await this.#keeper.set(machine.state());
        this.#deviceKey = machine.deviceKey();
      } finally {
        machine.free();
      }
    });
  }

  async state(): Promise<Uint8Array> {
    const state = await this.#keeper.get();
    if (state === undefined) throw hushError('INVALID_STATE', 'the store has lost the identity');
    return state;
  }

  change<T>(work: (machine: IdentityMachine) => T): Promise<T> {
    return this.#keeper.turn(() =>
      this.#with(async (machine) => {
        const result = work(machine);
        if (machine.changed()) await this.#keeper.set(machine.state());
        this.#keeper.announce(machine.contacts());
        return result;
      }),
    );
  }

  watch(listener: (contacts: Uint8Array) => void): () => void {
    return this.#keeper.watch(listener, () => this.#with((machine) => machine.contacts()));
  }

  knownDevices(): Promise<readonly KnownDevice[]> {
    return this.#with((machine) => machine.knownDevices() as KnownDevice[]);
  }

  async verify(deviceKey: string, verified = true): Promise<void> {
    checkString('deviceKey', deviceKey);
    if (typeof verified !== 'boolean') throw new TypeError('verified must be a boolean');
    await this.change((machine) => machine.verify(deviceKey, verified, unixSeconds()));
  }

  async forget(deviceKey: string): Promise<void> {
    checkString('deviceKey', deviceKey);
    await this.change((machine) => machine.forget(deviceKey));
  }

  /** What is kept, made a machine for as long as `work` lasts. */
  async #with<T>(work: (machine: IdentityMachine) => T | Promise<T>): Promise<T> {
    const machine = roomWasm().IdentityMachine.load(await this.state());
    try {
      this.#deviceKey = machine.deviceKey();
      return await work(machine);
    } finally {
      machine.free();
    }
  }
}

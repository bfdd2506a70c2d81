import type { Bytes } from '../types.js';

/**
 * Where an identity is kept. The bytes hold secret keys: keep them where nobody else reads, or seal them.
 *
 * Anything with `get` and `set` will do; `fileStore`, `indexedDbStore` and `memoryStore` are at hand. Within one page or process everything
 * that uses the same store object takes turns at it.
 */
export interface IdentityStore {
  /** What was set last, whole, also while something else is being set; `undefined` for nothing yet. */
  get(): Promise<Uint8Array | undefined>;
  /** Keeps `state`. Resolves when it would survive a crash. After a failure the former state must still be there. */
  set(state: Bytes): Promise<void>;
  /** Runs `work` while no other tab or process does the same for this store. Without it, only one may use the store. */
  lock?<T>(work: () => Promise<T>): Promise<T>;
  /** Calls `changed` after another tab has set something; returns how to stop it. */
  watch?(changed: () => void): () => void;
}

/** Options of `openIdentity`. */
export interface OpenIdentityOptions {
  /** Default: in memory, so that it ends with the page or process. */
  readonly store?: IdentityStore;
}

/**
 * A device's key and its contacts: who it is in every room that it enters, and whom it has met there.
 *
 * Each call takes a turn at the store: it reads what is kept and keeps what it changes. No secret stays in JavaScript.
 *
 * @throws All methods: `STORE_FAILED` when the store does; `INVALID_IDENTITY` when it holds something else; `INVALID_STATE` when it has lost
 * what it held. Nothing has changed then.
 */
export interface Identity {
  /** Our public Ed25519 key, base64url: `member.deviceKey` in native rooms, `identityKey` in a directory. As of the last call. */
  readonly deviceKey: string;
  /** Devices that were met in rooms, at most 4,096; those met longest ago come first. */
  knownDevices(): Promise<readonly KnownDevice[]>;
  /**
   * Marks a key whose holder's safety number was compared, or takes that back. Open rooms show it at once.
   *
   * @throws `INVALID_ARGUMENT` for what is no key.
   */
  verify(deviceKey: string, verified?: boolean): Promise<void>;
  /** Forgets a key in every room: who comes with it again is new. */
  forget(deviceKey: string): Promise<void>;
}

/** A device that was met, or verified. */
export interface KnownDevice {
  /** Its public key, base64url. */
  readonly deviceKey: string;
  /** What it called itself last; anybody may call themselves anything. Empty if it was verified without being met. */
  readonly name: string;
  /** Whether its safety number was compared. */
  readonly verified: boolean;
  /** When it was met first, Unix seconds. */
  readonly metAt: number;
}

/** The safety number of us and another member: 60 digits that are the same on both sides unless somebody stands between. */
export interface SafetyNumber {
  /** 60 digits; best shown in groups of five. */
  readonly digits: string;
  /** 74 bytes for a QR code (binary mode), for the other side's {@link compare}. */
  readonly scannable: Bytes;
  /**
   * What was scanned from the other side. `'other-version'`: its program writes another kind of code; compare the digits.
   *
   * @throws `INVALID_MESSAGE` when it is no such code.
   */
  compare(scanned: Uint8Array): 'same' | 'different' | 'other-version';
}

/** The safety number of a whole room: 60 digits, the same for all who see the same members. */
export interface RoomSafetyNumber {
  /** 60 digits. */
  readonly digits: string;
}

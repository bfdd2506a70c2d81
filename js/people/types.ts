import type { IdentityStore } from '../identity/types.js';

/** Options of `register`. */
export interface RegisterOptions {
  /** The relay's address, as for rooms. It must have been started with `--directory`. */
  readonly relay: string | URL;
  /** 2 to 64 characters of `a-z 0-9 . _ -`. Ignored, and may be left out, if the store holds an identity already. */
  readonly userId?: string;
  /** What others see, at most 64 bytes. Anybody may choose any. Default: as before, none at first. */
  readonly name?: string;
  /**
   * Where the identity is kept; that of rooms and of the directory are one if they are given the same store. Default: in memory, so that it
   * ends with the process.
   */
  readonly store?: IdentityStore;
  /** The directory's public key, if it is known: base64url. Default: the first one that answers is trusted from then on. */
  readonly directoryKey?: string;
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch;
  /** The time in Unix milliseconds. Default: `Date.now`. */
  readonly now?: () => number;
  /** Ends the registration with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Somebody of the directory. */
export interface Contact {
  /** As it was looked up. */
  readonly userId: string;
  /** The identity key the directory shows, base64url. */
  readonly identityKey: string;
  /** The key that is trusted: the same unless `status` is `'changed'`. */
  readonly trustedKey: string;
  /**
   * `'new'`: seen for the first time, and trusted from now on; compare the safety number. `'same'`: as before. `'changed'`: its
   * owner has replaced it, with proof; nobody is invited until `acknowledgeKey`.
   */
  readonly status: 'new' | 'same' | 'changed';
  /** What the user wants to be called; may be empty. */
  readonly name: string;
  /** When the published keys must have been renewed, Unix seconds. */
  readonly expiresAt: number;
  /** 60 digits that must be the same on the other side: for `identityKey`. */
  readonly safetyNumber: string;
}

/** An invitation into a room. */
export interface Invitation {
  /** Who the sender says to be. */
  readonly from: string;
  /** The key that signed it, base64url. */
  readonly identityKey: string;
  /**
   * `'known'`: the key is the one that is trusted for `from`. `'unconfirmed'`: nobody of that id was looked up yet, and anybody could
   * have written this. `'other-key'`: another key is trusted for `from`. `lookup(from)` tells more, and tells the directory
   * who wrote.
   */
  readonly sender: 'known' | 'unconfirmed' | 'other-key';
  /** 60 digits, for `from` and `identityKey`. */
  readonly safetyNumber: string;
  /** The room's share code: join with it. */
  readonly code: string;
  /** What the sender wrote along with it; may be empty. */
  readonly text: string;
  /** Unix seconds, by the sender's clock. */
  readonly sentAt: number;
}

/** Options of calls that wait for the directory. */
export interface CallOptions {
  /** Ends the call with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Options of `hasDirectory`. */
export interface HasDirectoryOptions extends CallOptions {
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch;
}

/** A registered user. */
export interface People {
  /** Ours, which others look up and invite. */
  readonly userId: string;
  /** Our identity key, base64url: `deviceKey` of the `Identity` in the same store. */
  readonly identityKey: string;
  /** The directory's key, base64url: give it to others as `directoryKey`. */
  readonly directoryKey: string;
  /**
   * Looks somebody up, who may be offline.
   *
   * @throws `UNKNOWN_USER`; `BUNDLE_EXPIRED`; `KEY_UNPROVEN`: another key, without its owner's proof; `DIRECTORY_ROLLED_BACK`: older keys
   * than before; `DIRECTORY_PROOF`: the directory's answer does not verify; `RATE_LIMITED`, `CONNECT_FAILED`.
   */
  lookup(userId: string, options?: CallOptions): Promise<Contact>;
  /**
   * Leaves an invitation into a room, sealed, for somebody who may be offline. The directory does not learn whose it is.
   *
   * @param code - The room's share code, or a link with it.
   * @returns Whom it was sealed to.
   * @throws What `lookup` throws; `KEY_CHANGED` until the change is acknowledged; `RELAY_LIMIT` when too many wait already;
   * `INVALID_SHARE_CODE`; `TEXT_TOO_LONG` above 2,000 bytes.
   */
  invite(userId: string, code: string, options?: CallOptions & { readonly text?: string }): Promise<Contact>;
  /** Invitations that wait. They come again until they are acknowledged, or 14 days are over. */
  invitations(options?: CallOptions): Promise<Invitation[]>;
  /** Deletes an invitation, and the key that opened it: nobody opens it again, whatever they get hold of. */
  acknowledge(invitation: Invitation, options?: CallOptions): Promise<void>;
  /**
   * Trusts the key that has taken another's place, once the safety number was compared.
   *
   * @throws `KEY_UNPROVEN` when it has changed again since.
   */
  acknowledgeKey(contact: Contact): Promise<void>;
  /** Renews what is published when it is due, and tops up one-time keys. `register` does it; call it once a day if you run for long. */
  renew(options?: CallOptions): Promise<void>;
  /**
   * Takes a new identity key, with proof by the old one. Others are told, and have to acknowledge it. In rooms that are entered from then on
   * it is this device's key, too; there, nobody sees the proof.
   */
  replaceIdentity(options?: CallOptions): Promise<void>;
  /** Removes the user from the directory. The id stays reserved for 90 days for this identity. */
  remove(options?: CallOptions): Promise<void>;
}

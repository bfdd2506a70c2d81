import { hushError } from '../errors.js';
import type { Bytes } from '../types.js';
import type { IdentityStore } from './types.js';

const OBJECTS = 'identities';
const IV_BYTES = 12;

/** What IndexedDB holds: the key cannot be read out of it, by us or by anybody. */
interface Row {
  readonly key: CryptoKey;
  readonly iv: Bytes;
  readonly sealed: ArrayBuffer;
}

/**
 * Keeps an identity in the browser, sealed with AES-256-GCM under a key that no script can read.
 *
 * That keeps the keys out of copies of the profile's files and out of reach of scripts that only read storage. A script injected into the
 * page can still use the identity. Tabs take turns where the browser has Web Locks, and hear of each other's changes.
 *
 * @param name - The database's name. Default `'hushroom'`.
 * @throws `UNSUPPORTED` where there is no IndexedDB or WebCrypto.
 *
 * @example
 * ```ts
 * import { createRoom, indexedDbStore, openIdentity } from 'hushroom/room';
 *
 * const identity = await openIdentity({ store: indexedDbStore() });
 * const room = await createRoom({ relay: location.origin, name: 'Ada', identity });
 * ```
 */
export function indexedDbStore(name = 'hushroom'): IdentityStore {
  const { indexedDB, crypto, navigator, BroadcastChannel } = globalThis as Partial<typeof globalThis>;
  const subtle = crypto?.subtle;
  if (indexedDB === undefined || crypto === undefined || subtle === undefined)
    throw hushError('UNSUPPORTED', 'IndexedDB and WebCrypto are needed: use https');
  const additionalData = new TextEncoder().encode(`hushroom/1 identity ${name}`);

  /** Runs `use` in a transaction, and waits until that is on disk. */
  async function within<T>(mode: IDBTransactionMode, use: (objects: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const database = await settled<IDBDatabase>(() => {
      const opening = (indexedDB as IDBFactory).open(name, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(OBJECTS);
      return opening;
    });
    try {
      const transaction = database.transaction(OBJECTS, mode, { durability: 'strict' });
      const finished = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'));
      });
      const [result] = await Promise.all([settled(() => use(transaction.objectStore(OBJECTS))), finished]);
      return result;
    } finally {
      database.close();
    }
  }

  const topic = `hushroom identity ${name}`;
  const row = () => within('readonly', (objects) => objects.get(name) as IDBRequest<Row | undefined>);

  return {
    async get() {
      const kept = await row();
      if (kept === undefined) return undefined;
      try {
        return new Uint8Array(await subtle.decrypt({ name: 'AES-GCM', iv: kept.iv, additionalData }, kept.key, kept.sealed));
      } catch {
        throw hushError('DECRYPT_FAILED', 'the stored identity does not open');
      }
    },
    async set(state) {
      const known = (await row())?.key;
      const key = known ?? (await subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']));
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const sealed = await subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, state);
      await within('readwrite', (objects) => objects.put({ key, iv, sealed } satisfies Row, name));
      if (BroadcastChannel === undefined) return;
      const channel = new BroadcastChannel(topic);
      channel.postMessage('changed');
      channel.close();
    },
    ...(navigator?.locks === undefined
      ? {}
      : { lock: <T>(work: () => Promise<T>) => navigator.locks.request(topic, work) as Promise<T> }),
    ...(BroadcastChannel === undefined
      ? {}
      : {
          watch(changed: () => void) {
            const channel = new BroadcastChannel(topic);
            channel.onmessage = changed;
            return () => channel.close();
          },
        }),
  };
}

function settled<T>(start: () => IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = start();
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB failed'));
  });
}

// What a browser keeps of an identity.

import { expect, test } from 'vitest';

import { indexedDbStore, openIdentity } from '../../../js/room/index.js';
import { codeOfAsync } from '../../js/helpers.js';

/** A database that no other test has. */
const fresh = () => `hushroom-${crypto.randomUUID()}`;
const key = (index: number) => Buffer.alloc(32, index + 1).toString('base64url');

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error as Error);
  });
}

test('an identity comes back, with whom it has verified', async () => {
  const name = fresh();
  const first = await openIdentity({ store: indexedDbStore(name) });
  await first.verify(key(1));
  const second = await openIdentity({ store: indexedDbStore(name) });
  expect(second.deviceKey).toBe(first.deviceKey);
  expect((await second.knownDevices()).map(({ deviceKey, verified }) => [deviceKey, verified])).toEqual([[key(1), true]]);
  expect((await openIdentity({ store: indexedDbStore(fresh()) })).deviceKey).not.toBe(first.deviceKey);
});

test('what lies in the database is sealed, under a key that cannot be read', async () => {
  const name = fresh();
  const store = indexedDbStore(name);
  await openIdentity({ store });
  const seed = (await store.get())!.slice(1, 33);
  const database = await asked(indexedDB.open(name));
  const row = await asked(database.transaction('identities').objectStore('identities').get(name) as IDBRequest<{ key: CryptoKey; sealed: ArrayBuffer }>);
  database.close();
  expect(row.key.extractable).toBe(false);
  await expect(crypto.subtle.exportKey('raw', row.key)).rejects.toThrow();
  expect(Buffer.from(row.sealed).toString('hex')).not.toContain(Buffer.from(seed).toString('hex'));
});

test('many changes at once lose nothing', async () => {
  const name = fresh();
  const two = [await openIdentity({ store: indexedDbStore(name) }), await openIdentity({ store: indexedDbStore(name) })] as const;
  await Promise.all(Array.from({ length: 10 }, (_, index) => two[index % 2]!.verify(key(index))));
  const found = await (await openIdentity({ store: indexedDbStore(name) })).knownDevices();
  expect(found.map(({ deviceKey }) => deviceKey).sort()).toEqual(Array.from({ length: 10 }, (_, index) => key(index)).sort());
});

test('a database that holds something else is refused, and left as it is', async () => {
  const name = fresh();
  await openIdentity({ store: indexedDbStore(name) });
  const database = await asked(indexedDB.open(name));
  const write = (value: unknown) => asked(database.transaction('identities', 'readwrite').objectStore('identities').put(value, name));
  const row = await asked(database.transaction('identities').objectStore('identities').get(name) as IDBRequest<{ sealed: ArrayBuffer }>);
  const broken = { ...row, sealed: new Uint8Array(row.sealed).map((byte) => byte ^ 1).buffer };
  await write(broken);
  const code = await codeOfAsync(openIdentity({ store: indexedDbStore(name) }));
  expect(code).toBe('DECRYPT_FAILED');
  database.close();
});

import { hkdfSync, randomBytes } from 'node:crypto';

import { beforeEach, describe, expect, test, vi } from 'vitest';

import type * as Api from '../../js/index.js';
import { codeOfAsync } from './helpers.js';
import { memoryOf, recordInstances } from './instances.js';
import { collect } from './streams.js';

/** What files leave, and never have, in the memory of the wasm instance. */
let api: typeof Api;
let instances: WebAssembly.Instance[];

beforeEach(async () => {
  vi.resetModules();
  instances = recordInstances();
  api = await import('../../js/index.js');
  return () => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  };
});

const memory = () => memoryOf(instances);
const random = (length: number) => Uint8Array.from(randomBytes(length));
const S = 4096;

/** Whether any of the first pieces of `bytes`, 16 bytes each, is in the memory. */
function found(bytes: Uint8Array): boolean {
  const haystack = memory();
  const pieces = Array.from({ length: Math.min(64, bytes.length >> 4) }, (_, i) => bytes.subarray(16 * i, 16 * i + 16));
  return pieces.some((piece) => haystack.includes(Buffer.from(piece)));
}

describe.each(['webcrypto', 'wasm'] as const)('%s', (engine) => {
  test('a key lies in wasm memory while it is needed, and not afterwards', async () => {
    const key = random(32);
    const options = { segmentSize: S, engine };
    const sealing = api.encryptStream(random(3 * S), key, options);
    expect(found(key)).toBe(true);
    const file = await collect(sealing);
    const derived = new Uint8Array(hkdfSync('sha256', key, file.subarray(1, 33), '', 32));
    expect(found(key)).toBe(false);
    expect(found(derived)).toBe(false);

    const reader = api.decryptStream(file, key, options).getReader();
    expect(found(key)).toBe(true);
    await reader.read();
    expect(found(key)).toBe(false);
    await reader.cancel();
    expect(found(derived)).toBe(false);

    await api.decryptRange(new Blob([file]), key, 10, 20, options);
    expect(found(key)).toBe(false);
    const unread = api.decryptStream(file, key, options);
    await unread.cancel();
    expect(found(key)).toBe(false);
    expect(await codeOfAsync(collect(api.decryptStream(new Uint8Array(30).fill(40), key, options)))).toBe('TRUNCATED');
    expect(await codeOfAsync(api.decryptRange(new Blob([file.subarray(0, 60)]), key, 0, 1, options))).toBe('DECRYPT_FAILED');
    const aborted = AbortSignal.abort(new Error('stop'));
    await expect(collect(api.encryptStream(file, key, { signal: aborted }))).rejects.toThrow('stop');
    await expect(api.decryptRange(new Blob([file]), key, 0, 1, { signal: aborted })).rejects.toThrow('stop');
    expect(found(key)).toBe(false);
  });

  test('no plaintext is left there', async () => {
    const key = random(32);
    const plaintext = random(10 * S);
    const options = { segmentSize: S, engine };
    const file = await collect(api.encryptStream(plaintext, key, options));
    expect(found(plaintext)).toBe(false);
    await collect(api.decryptStream(file, key, options));
    expect(found(plaintext)).toBe(false);
  });

  test('memory does not grow with the number of files', async () => {
    const key = random(32);
    const once = async () => {
      const file = await collect(api.encryptStream(random(100), key, { engine }));
      await collect(api.decryptStream(file, key, { engine }));
      await api.decryptRange(new Blob([file]), key, 1, 2, { engine });
      await api.encryptStream(file, key, { engine }).cancel();
      await codeOfAsync(collect(api.decryptStream(file, random(32), { engine })));
    };
    for (let i = 0; i < 20; i++) await once();
    const before = memory().length;
    for (let i = 0; i < 500; i++) await once();
    expect(memory().length).toBe(before);
  });
});

test('with WebCrypto no byte of a file passes through wasm memory', async () => {
  const plaintext = random(2 * S);
  const whole = vi.fn();
  const { subtle } = crypto;
  const watched = {
    importKey: subtle.importKey.bind(subtle),
    encrypt: (...args: Parameters<SubtleCrypto['encrypt']>) => subtle.encrypt(...args).finally(() => whole(found(plaintext))),
    decrypt: (...args: Parameters<SubtleCrypto['decrypt']>) => subtle.decrypt(...args).finally(() => whole(found(plaintext))),
  };
  vi.stubGlobal('crypto', { subtle: watched, getRandomValues: crypto.getRandomValues.bind(crypto) });
  const key = random(32);
  const file = await collect(api.encryptStream(plaintext, key, { segmentSize: S }));
  await collect(api.decryptStream(file, key, { segmentSize: S }));
  expect(whole.mock.calls).toEqual(Array.from({ length: 6 }, () => [false]));
});

describe('the engine', () => {
  const getRandomValues = crypto.getRandomValues.bind(crypto);
  const { subtle } = crypto;
  const refused = () => Promise.reject(new TypeError('not an ArrayBuffer of this realm'));

  test.each([
    ['without WebCrypto', {}],
    ['with half a WebCrypto', { subtle: {} }],
    ['with a WebCrypto that takes no keys', { subtle: { importKey: refused } }],
  ])('is wasm %s, unless WebCrypto is asked for', async (_, platform) => {
    vi.stubGlobal('crypto', { getRandomValues, ...platform });
    const key = random(32);
    const plaintext = random(2 * S);
    const file = await collect(api.encryptStream(plaintext, key));
    expect(Buffer.compare(await collect(api.decryptStream(file, key)), plaintext)).toBe(0);
    expect(Buffer.compare(await api.decryptRange(new Blob([file]), key, 5, 50), plaintext.subarray(5, 50))).toBe(0);
    const options = { engine: 'webcrypto' } as const;
    expect(await codeOfAsync(collect(api.encryptStream(plaintext, key, options)))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(collect(api.decryptStream(file, key, options)))).toBe('INVALID_ARGUMENT');
    expect(await codeOfAsync(api.decryptRange(new Blob([file]), key, 0, 1, options))).toBe('INVALID_ARGUMENT');
  });

  test('is WebCrypto where that is, with keys that cannot be extracted or used for anything else', async () => {
    const keys: Promise<CryptoKey>[] = [];
    const raw: Uint8Array[] = [];
    const importKey = (...args: Parameters<SubtleCrypto['importKey']>) => {
      const key = subtle.importKey(...(args as Parameters<typeof subtle.importKey>)) as Promise<CryptoKey>;
      raw.push(args[1] as unknown as Uint8Array);
      keys.push(key);
      return key;
    };
    const watched = { importKey, encrypt: subtle.encrypt.bind(subtle), decrypt: subtle.decrypt.bind(subtle) };
    vi.stubGlobal('crypto', { getRandomValues, subtle: watched });
    const key = random(32);
    await collect(api.decryptStream(api.encryptStream(random(5), key), key));
    const imported = await Promise.all(keys);
    expect(imported.map(({ extractable, usages }) => ({ extractable, usages }))).toEqual([
      { extractable: false, usages: ['encrypt'] },
      { extractable: false, usages: ['decrypt'] },
    ]);
    // The copies that were handed over for the import.
    expect(raw).toEqual([new Uint8Array(32), new Uint8Array(32)]);
  });

  test('no random source, no file', () => {
    vi.stubGlobal('crypto', {
      getRandomValues() {
        throw new Error('none');
      },
    });
    expect(() => api.generateFileKey()).toThrow(expect.objectContaining({ code: 'RANDOM_UNAVAILABLE' }));
  });
});

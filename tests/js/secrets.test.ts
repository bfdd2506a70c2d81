import { randomBytes } from 'node:crypto';

import { beforeEach, describe, expect, test, vi } from 'vitest';

import type * as Api from '../../js/index.js';
import { memoryOf, recordInstances } from './instances.js';

/**
 * Searches the memory of the wasm instance for keys and plaintexts after they have been used. What JavaScript itself
 * keeps in its own heap is out of our hands and of these tests.
 */
let api: typeof Api;
let instances: WebAssembly.Instance[];

beforeEach(async () => {
  vi.resetModules();
  instances = recordInstances();
  api = await import('../../js/index.js');
  return () => vi.restoreAllMocks();
});

const memory = () => memoryOf(instances);

/** How many of the first pieces of `bytes`, 16 bytes each, are in the memory. */
function found(bytes: Uint8Array): number {
  const haystack = memory();
  const pieces = Array.from({ length: Math.min(64, Math.floor(bytes.length / 16)) }, (_, i) =>
    bytes.subarray(16 * i, 16 * i + 16),
  );
  return pieces.filter((piece) => haystack.includes(Buffer.from(piece))).length;
}

const random = (length: number) => Uint8Array.from(randomBytes(length));
const utf8 = (text: string) => new TextEncoder().encode(text);

/** A text nobody else has, so that finding it means something. */
const marker = (length: number) =>
  Array.from(random(length), (byte) => 'abcdefghijklmnopqrstuvwxyz234567'[byte & 31]).join('');

describe('the search itself', () => {
  test('finds what lies in memory', () => {
    api.generateShareCode();
    const secret = random(64);
    const heap = memory();
    heap.set(secret, heap.length - 1000);
    expect(found(secret)).toBeGreaterThan(0);
  });

  test('finds arguments while a call that uses them runs', () => {
    const key = random(32);
    const plaintext = random(200);
    api.sealMessage(key, 'warm up');
    let hits = { key: 0, plaintext: 0 };
    const { getRandomValues } = crypto;
    // The IV is drawn in the middle of sealing, when key and plaintext must be there.
    vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
      hits = { key: found(key), plaintext: found(plaintext) };
      return getRandomValues.call(crypto, array);
    });
    api.sealMessage(key, plaintext);
    expect(hits.key).toBeGreaterThan(0);
    expect(hits.plaintext).toBeGreaterThan(0);
    expect(found(key)).toBe(0);
    expect(found(plaintext)).toBe(0);
  });
});

describe('nothing is left in wasm memory', () => {
  test.each([16, 100, 4096, 1_000_000])('of a sealed and opened message of %d bytes', (size) => {
    const key = random(32);
    const plaintext = random(size);
    const sealed = api.sealMessage(key, plaintext);
    expect(found(key)).toBe(0);
    expect(found(plaintext)).toBe(0);
    expect(Buffer.from(plaintext).equals(api.openMessage(key, sealed))).toBe(true);
    expect(found(key)).toBe(0);
    expect(found(plaintext)).toBe(0);
  });

  test('of anything that depends on the key, round keys for instance', () => {
    // Not searched for, since their form is the cipher's business: memory must be the same after two calls that differ in
    // nothing but key and IV.
    const memoryAfter = (key: Uint8Array) => {
      const sealed = api.sealMessage(key, 'the same text');
      api.openMessage(key, sealed);
      return Buffer.from(memory());
    };
    memoryAfter(random(32));
    const [one, two] = [memoryAfter(random(32)), memoryAfter(random(32))];
    expect(one.equals(two)).toBe(true);
  });

  test('of a text', () => {
    const key = random(32);
    const text = marker(300);
    const opened = api.openMessage(key, api.sealMessage(key, text));
    expect(new TextDecoder().decode(opened)).toBe(text);
    expect(found(utf8(text))).toBe(0);
  });

  test('of a message that was refused', () => {
    const key = random(32);
    const plaintext = random(500);
    const sealed = api.sealMessage(key, plaintext);
    const broken = { ...sealed, iv: 'AAAAAAAAAAAAAAAA' };
    expect(() => api.openMessage(key, broken)).toThrow('decryption failed');
    expect(() => api.openMessage(key, { ...sealed, ciphertext: 'A' })).toThrow();
    expect(() => api.sealMessage(Uint8Array.from([...key, 1]), plaintext)).toThrow();
    expect(found(key)).toBe(0);
    expect(found(plaintext)).toBe(0);
  });

  test('of share codes', () => {
    for (const protocol of ['hush1', 'arthas'] as const) {
      const code = api.generateShareCode({ protocol, expiresAt: 1767225600 });
      const { key } = api.parseShareCode(code);
      const link = api.shareLink('https://chat.example.com/', code);
      api.parseShareCode(encodeURI(link));
      expect(() => api.parseShareCode(`${code}:broken`)).toThrow();
      expect(found(key)).toBe(0);
      expect(found(utf8(Buffer.from(key).toString('base64url')))).toBe(0);
      expect(found(utf8(code))).toBe(0);
    }
  });
});

import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { openMessage, sealMessage } from '../../js/index.js';
import type { SealedMessage } from '../../js/index.js';
import { codeOf, KEY } from './helpers.js';

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'base64url'));
const text = (data: Uint8Array) => Buffer.from(data).toString('base64url');

/** The reference: WebCrypto, with the parts as the protocol has them. */
async function importKey(): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', KEY, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

test('what was sealed opens', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ maxLength: 5000 }), (key, message) => {
      expect(openMessage(key, sealMessage(key, message))).toEqual(Uint8Array.from(message));
    }),
  );
});

test('a text is sealed as UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (message) => {
      expect(new TextDecoder().decode(openMessage(KEY, sealMessage(KEY, message)))).toBe(message);
    }),
  );
});

test('WebCrypto opens what we seal', async () => {
  const key = await importKey();
  for (const size of [0, 1, 15, 16, 17, 1000, 65_536]) {
    const message = crypto.getRandomValues(new Uint8Array(size));
    const { iv, ciphertext } = sealMessage(KEY, message);
    expect(bytes(iv)).toHaveLength(12);
    expect(bytes(ciphertext)).toHaveLength(size + 16);
    const opened = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: bytes(iv) }, key, bytes(ciphertext));
    expect(new Uint8Array(opened)).toEqual(message);
  }
});

test('we open what WebCrypto seals', async () => {
  const key = await importKey();
  for (const size of [0, 1, 15, 16, 17, 1000, 65_536]) {
    const message = crypto.getRandomValues(new Uint8Array(size));
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, message));
    expect(openMessage(KEY, { iv: text(iv), ciphertext: text(sealed) })).toEqual(message);
  }
});

test('a known answer', () => {
  // McGrew and Viega, test case 14.
  const zeros = new Uint8Array(32);
  const ciphertext = text(Buffer.from('cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919', 'hex'));
  expect(openMessage(zeros, { iv: 'AAAAAAAAAAAAAAAA', ciphertext })).toEqual(new Uint8Array(16));
});

test('no IV comes twice', () => {
  const ivs = Array.from({ length: 1000 }, () => sealMessage(KEY, '').iv);
  expect(new Set(ivs).size).toBe(1000);
});

test('views into larger buffers, buffers of Node and other realms are taken as they are', () => {
  const pool = Uint8Array.from({ length: 100 }, (_, i) => i);
  const message = pool.subarray(40, 50);
  const key = Buffer.from(pool.buffer, 0, 32);
  const opened = openMessage(key, sealMessage(KEY, message));
  expect(opened).toEqual(message.slice());
  expect(opened.byteLength).toBe(opened.buffer.byteLength);
});

describe('forgeries', () => {
  const sealed = sealMessage(KEY, 'hello');

  test('every flipped bit is refused', () => {
    for (const part of ['iv', 'ciphertext'] as const) {
      const good = bytes(sealed[part]);
      for (let bit = 0; bit < good.length * 8; bit++) {
        const bad = good.slice();
        bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(codeOf(() => openMessage(KEY, { ...sealed, [part]: text(bad) }))).toBe('DECRYPT_FAILED');
      }
    }
  });

  test('so are a wrong key, cut and added bytes, and parts of two messages', () => {
    const good = bytes(sealed.ciphertext);
    const another = sealMessage(KEY, 'hello');
    expect(codeOf(() => openMessage(new Uint8Array(32), sealed))).toBe('DECRYPT_FAILED');
    for (const ciphertext of [good.subarray(0, -1), good.subarray(1), Uint8Array.from([...good, 0])]) {
      expect(codeOf(() => openMessage(KEY, { ...sealed, ciphertext: text(ciphertext) }))).toBe('DECRYPT_FAILED');
    }
    expect(codeOf(() => openMessage(KEY, { iv: another.iv, ciphertext: sealed.ciphertext }))).toBe('DECRYPT_FAILED');
  });
});

describe('bad input', () => {
  const sealed = sealMessage(KEY, 'hello');
  const untyped = (value: unknown) => value as never;

  afterEach(() => vi.restoreAllMocks());

  test.each(['', 'AAAA', 'AAAAAAAAAAAAAAA=', 'AAAAAAAAAAAAAAA+', 'AAAAAAAAAAAAAAAAA', 'ééééééééé', '\ud800'])(
    'iv %j',
    (iv) => {
      expect(codeOf(() => openMessage(KEY, { ...sealed, iv }))).toBe('INVALID_MESSAGE');
    },
  );

  test.each(['', 'A', 'AAAA', '????', `${sealed.ciphertext}=`, ` ${sealed.ciphertext}`, '\ud800'])(
    'ciphertext %j',
    (ciphertext) => {
      expect(codeOf(() => openMessage(KEY, { ...sealed, ciphertext }))).toBe('INVALID_MESSAGE');
    },
  );

  test('keys of another length', () => {
    for (const length of [0, 16, 31, 33, 64]) {
      expect(codeOf(() => sealMessage(new Uint8Array(length), 'x'))).toBe('INVALID_KEY');
      expect(codeOf(() => openMessage(new Uint8Array(length), sealed))).toBe('INVALID_KEY');
    }
  });

  test('messages above 16 MiB', () => {
    const limit = 16 * 1024 * 1024;
    const largest = new Uint8Array(limit);
    expect(openMessage(KEY, sealMessage(KEY, largest))).toHaveLength(limit);
    expect(codeOf(() => sealMessage(KEY, new Uint8Array(limit + 1)))).toBe('TOO_LARGE');
    const ciphertext = text(new Uint8Array(limit + 17));
    expect(codeOf(() => openMessage(KEY, { ...sealed, ciphertext }))).toBe('TOO_LARGE');
  });

  test('no secure random bytes', () => {
    vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation(() => {
      throw new Error('no entropy');
    });
    expect(codeOf(() => sealMessage(KEY, 'x'))).toBe('RANDOM_UNAVAILABLE');
  });

  test('wrong types', () => {
    for (const value of [
      undefined,
      null,
      1,
      {},
      [1, 2],
      new ArrayBuffer(32),
      new Uint16Array(16),
      new DataView(new ArrayBuffer(32)),
    ]) {
      expect(() => sealMessage(untyped(value), 'x')).toThrow(TypeError);
      expect(() => sealMessage(KEY, untyped(value))).toThrow(TypeError);
      expect(() => openMessage(untyped(value), sealed)).toThrow(TypeError);
      expect(() => openMessage(KEY, untyped(value))).toThrow(TypeError);
      expect(() => openMessage(KEY, { ...sealed, iv: untyped(value) })).toThrow(TypeError);
      expect(() => openMessage(KEY, { ...sealed, ciphertext: untyped(value) })).toThrow(TypeError);
    }
  });

  test('any two strings are refused', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (iv, ciphertext) => {
        const message: SealedMessage = { iv, ciphertext };
        expect(['INVALID_MESSAGE', 'DECRYPT_FAILED']).toContain(codeOf(() => openMessage(KEY, message)));
      }),
    );
  });
});

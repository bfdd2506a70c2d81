import { Readable } from 'node:stream';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { decryptRange, decryptStream, decryptedSize, encryptStream, encryptedSize, generateFileKey } from '../../js/index.js';
import type { StreamOptions, StreamSource } from '../../js/index.js';
import { codeOf, codeOfAsync, KEY } from './helpers.js';
import { chunksOf, collect, pattern, pieces, streamOf } from './streams.js';
import { tinkBytes, tinkEncrypt } from './tink.js';

const S = 4096;
const ENGINES = ['webcrypto', 'wasm'] as const;
const SIZES = [0, 1, S - 57, S - 56, S - 55, S - 17, S - 16, S - 15, S - 1, S, S + 1, 2 * S - 73, 2 * S - 72, 2 * S - 71, 3 * S];
const PIECES = [1, 7, S - 1, S, S + 1];

const encrypt = (source: StreamSource, options: StreamOptions = {}) => collect(encryptStream(source, KEY, { segmentSize: S, ...options }));
const decrypt = (source: StreamSource, options: StreamOptions = {}) => collect(decryptStream(source, KEY, { segmentSize: S, ...options }));
const same = (a: Uint8Array, b: Uint8Array) => expect(Buffer.compare(a, b)).toBe(0);

describe.each(ENGINES)('round trips, %s', (engine) => {
  test.each(SIZES)('%i bytes in pieces of any size', async (size) => {
    const plaintext = pattern(size);
    for (const piece of PIECES) {
      const file = await encrypt(pieces(plaintext, piece), { engine });
      expect(file.length).toBe(encryptedSize(size, S));
      expect(decryptedSize(file.length, S)).toBe(size);
      same(file, tinkBytes(tinkEncrypt(KEY, plaintext, { segmentSize: S, header: file.subarray(0, 40) })));
      for (const other of PIECES) same(await decrypt(pieces(file, other), { engine }), plaintext);
    }
  });

  test('any length, cut anywhere, with any associated data', async () => {
    const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
    await fc.assert(
      fc.asyncProperty(fc.array(bytes(3000), { maxLength: 6 }), bytes(40), fc.integer({ min: S, max: S + 200 }), async (chunks, associatedData, segmentSize) => {
        const options = { segmentSize, associatedData, engine };
        const file = await encrypt(Readable.from(chunks), options);
        const plaintext = Buffer.concat(chunks);
        expect(file.length).toBe(encryptedSize(plaintext.length, segmentSize));
        same(await decrypt(file, options), plaintext);
        const [start, end] = [plaintext.length >> 2, plaintext.length >> 1];
        same(await decryptRange(new Blob([file]), KEY, start, end, options), plaintext.subarray(start, end));
      }),
      { numRuns: 50 },
    );
  });

  test('a wrong key and other associated data', async () => {
    const file = await encrypt(pattern(3 * S), { engine, associatedData: pattern(3) });
    const options = { engine, segmentSize: S, associatedData: pattern(3) };
    expect(await codeOfAsync(collect(decryptStream(file, generateFileKey(), options)))).toBe('DECRYPT_FAILED');
    expect(await codeOfAsync(decrypt(file, { engine }))).toBe('DECRYPT_FAILED');
    expect(await codeOfAsync(decrypt(file, { engine, segmentSize: S + 1, associatedData: pattern(3) }))).toBe('DECRYPT_FAILED');
  });

  test('plaintext of a changed file is handed out up to the change and no further', async () => {
    const plaintext = pattern(5 * S);
    const file = await encrypt(plaintext, { engine });
    file[3 * S + 5]! ^= 1;
    const chunks: Uint8Array[] = [];
    const read = async () => {
      for await (const chunk of chunksOf(decryptStream(file, KEY, { segmentSize: S, engine }))) chunks.push(chunk);
    };
    expect(await codeOfAsync(read())).toBe('DECRYPT_FAILED');
    same(Buffer.concat(chunks), plaintext.subarray(0, 3 * (S - 16) - 40));
  });

  test('every byte of a file matters', async () => {
    const file = await encrypt(pattern(100), { engine });
    for (let at = 0; at < file.length; at++) {
      const changed = file.slice();
      changed[at]! ^= 0x10;
      expect(await codeOfAsync(decrypt(changed, { engine }))).toBe('DECRYPT_FAILED');
    }
  });
});

describe('sources', () => {
  const plaintext = pattern(10_000);
  const sources: [string, () => StreamSource][] = [
    ['Uint8Array', () => plaintext],
    ['Uint8Array at an offset', () => offset(plaintext)],
    ['Node Buffer', () => Buffer.from(plaintext)],
    ['Uint8Array of shared memory', () => shared(plaintext)],
    ['Blob', () => new Blob([plaintext])],
    ['ReadableStream', () => streamOf(pieces(plaintext, 700))],
    ['byte stream', () => new Blob([plaintext]).stream()],
    ['async generator', () => pieces(plaintext, 700)],
    ['Node Readable', () => Readable.from(pieces(plaintext, 700))],
    ['iterable that is no generator', () => ({ [Symbol.asyncIterator]: () => pieces(plaintext, 700)[Symbol.asyncIterator]() })],
    ['chunks without bytes', () => Readable.from([new Uint8Array(0), plaintext.subarray(0, 3), new Uint8Array(0), plaintext.subarray(3), new Uint8Array(0)])],
  ];

  test.each(sources)('%s', async (_, source) => {
    same(await decrypt(await encrypt(source())), plaintext);
    const file = await encrypt(plaintext);
    same(await decrypt(new Blob([file])), plaintext);
  });

  function offset(bytes: Uint8Array): Uint8Array {
    const larger = new Uint8Array(bytes.length + 12);
    larger.set(bytes, 5);
    return larger.subarray(5, 5 + bytes.length);
  }

  function shared(bytes: Uint8Array): Uint8Array {
    const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
    copy.set(bytes);
    return copy;
  }

  test('a key may be overwritten at once', async () => {
    const key = generateFileKey();
    const copy = key.slice();
    const encrypted = encryptStream(plaintext, key, { segmentSize: S });
    key.fill(0);
    const file = await collect(encrypted);
    const decrypted = decryptStream(file, copy, { segmentSize: S });
    copy.fill(0);
    same(await collect(decrypted), plaintext);
  });

  test('what is no source, and chunks that are no bytes', async () => {
    for (const source of [undefined, null, 1, 'text', {}, [plaintext], new Uint16Array(2), plaintext.buffer]) {
      expect(() => encryptStream(source as unknown as StreamSource, KEY)).toThrow(TypeError);
    }
    const locked = new Blob([plaintext]).stream();
    locked.getReader();
    expect(() => encryptStream(locked, KEY)).toThrow(TypeError);
    for (const chunk of ['text', 1, undefined, new Uint16Array(2)]) {
      const source = streamOf([plaintext, chunk as unknown as Uint8Array]);
      await expect(encrypt(source)).rejects.toThrow(TypeError);
    }
  });
});

describe('arguments are checked before any work', () => {
  const source = () => ({
    [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
      throw new Error('the source was touched');
    },
  });

  test.each([encryptStream, decryptStream])('%o', (call) => {
    const given = (key: unknown, options?: unknown) => () => call(source(), key as Uint8Array, options as StreamOptions);
    for (const length of [0, 16, 31, 33]) expect(codeOf(given(new Uint8Array(length)))).toBe('INVALID_KEY');
    for (const segmentSize of [0, 4095, 1_048_577, 2 ** 32 - 1]) {
      expect(codeOf(given(KEY, { segmentSize }))).toBe('INVALID_SEGMENT_SIZE');
    }
    for (const segmentSize of [-1, 4096.5, NaN, Infinity, 2 ** 32]) expect(given(KEY, { segmentSize })).toThrow(RangeError);
    expect(codeOf(given(KEY, { engine: 'gpu' }))).toBe('INVALID_ARGUMENT');
    const wrong = [{ segmentSize: '4096' }, { associatedData: 'aad' }, { engine: 1 }, { signal: {} }, { signal: null }, { onProgress: 1 }, null, 1];
    for (const options of wrong) expect(given(KEY, options)).toThrow(TypeError);
    for (const key of [undefined, null, 'key', [1], new Uint16Array(16)]) expect(given(key)).toThrow(TypeError);
  });

  test('sizes', () => {
    expect(encryptedSize(0)).toBe(56);
    expect(encryptedSize(262_088)).toBe(262_144);
    expect(encryptedSize(262_089)).toBe(262_161);
    expect(decryptedSize(56)).toBe(0);
    for (const size of [0, 55, S + 1, S + 15]) expect(codeOf(() => decryptedSize(size, S))).toBe('TRUNCATED');
    expect(codeOf(() => encryptedSize(Number.MAX_SAFE_INTEGER))).toBe('TOO_LARGE');
    expect(codeOf(() => decryptedSize(Number.MAX_SAFE_INTEGER))).toBe('TOO_LARGE');
    expect(codeOf(() => encryptedSize(1, 1))).toBe('INVALID_SEGMENT_SIZE');
    for (const size of [-1, 0.5, NaN, 2 ** 53]) expect(() => encryptedSize(size)).toThrow(RangeError);
    expect(() => decryptedSize('56' as unknown as number)).toThrow(TypeError);
  });

  test('a file key is random', () => {
    const keys = Array.from({ length: 20 }, () => Buffer.from(generateFileKey()).toString('hex'));
    expect(new Set(keys).size).toBe(20);
    expect(keys[0]).toHaveLength(64);
  });
});

import { describe, expect, test } from 'vitest';

import { decryptRange, encryptStream } from '../../js/index.js';
import { codeOfAsync, KEY } from './helpers.js';
import { collect, pattern } from './streams.js';

const S = 4096;
const ENGINES = ['webcrypto', 'wasm'] as const;

const same = (a: Uint8Array, b: Uint8Array) => expect(Buffer.compare(a, b)).toBe(0);

describe.each(ENGINES)('ranges, %s', (engine) => {
  const plaintext = pattern(5 * S + 100);
  const size = plaintext.length;
  const options = { segmentSize: S, engine };
  const file = () => collect(encryptStream(plaintext, KEY, options));

  test('every edge', async () => {
    const blob = new Blob([await file()]);
    const edges = [0, 1, S - 57, S - 56, S - 55, 2 * S - 73, 2 * S - 72, 2 * S - 71, size - 1, size];
    for (const start of edges) {
      for (const end of edges.filter((edge) => edge >= start)) {
        same(await decryptRange(blob, KEY, start, end, options), plaintext.subarray(start, end));
      }
    }
  });

  test('reads the header and the last segment, then only what it needs', async () => {
    const bytes = await file();
    const reads: [number, number][] = [];
    const source = {
      size: bytes.length,
      read(offset: number, length: number) {
        reads.push([offset, length]);
        return Promise.resolve(bytes.subarray(offset, offset + length));
      },
    };
    same(await decryptRange(source, KEY, 5000, 5001, options), plaintext.subarray(5000, 5001));
    expect(reads).toEqual([[0, 40], [5 * S, bytes.length - 5 * S], [S, S]]);
    reads.length = 0;
    same(await decryptRange(source, KEY, size - 10, size, options), plaintext.subarray(size - 10));
    expect(reads).toHaveLength(2);
  });

  test('beyond the end, and backwards', async () => {
    const blob = new Blob([await file()]);
    for (const [start, end] of [[0, size + 1], [size + 1, size + 1], [2, 1], [0, 2 ** 53 - 1]] as const) {
      expect(await codeOfAsync(decryptRange(blob, KEY, start, end, options))).toBe('OUT_OF_RANGE');
    }
    for (const [start, end] of [[-1, 1], [0, 0.5], [NaN, 1], [0, 2 ** 53]] as const) {
      await expect(decryptRange(blob, KEY, start, end, options)).rejects.toThrow(RangeError);
    }
  });

  test('a file that was cut or goes on is noticed, whichever part is wanted', async () => {
    const bytes = await file();
    const code = (part: Uint8Array<ArrayBuffer>) => codeOfAsync(decryptRange(new Blob([part]), KEY, 0, 1, options));
    for (const length of [0, 39, 40, 55, 3 * S + 15]) expect(await code(bytes.subarray(0, length))).toBe('TRUNCATED');
    expect(await code(bytes.subarray(0, 3 * S))).toBe('TRUNCATED');
    expect(await code(bytes.subarray(0, 3 * S + 16))).toBe('DECRYPT_FAILED');
    expect(await code(bytes.subarray(0, -1))).toBe('DECRYPT_FAILED');
    expect(await code(new Uint8Array(Buffer.concat([bytes, new Uint8Array(1)])))).toBe('DECRYPT_FAILED');
    expect(await code(new Uint8Array(Buffer.concat([bytes, new Uint8Array(S)])))).toBe('DECRYPT_FAILED');
  });

  test('a changed segment matters only where it is read', async () => {
    const bytes = await file();
    bytes[2 * S + 9]! ^= 1;
    const blob = new Blob([bytes]);
    same(await decryptRange(blob, KEY, 0, 100, options), plaintext.subarray(0, 100));
    expect(await codeOfAsync(decryptRange(blob, KEY, 0, size, options))).toBe('DECRYPT_FAILED');
  });

  test('sources that misbehave', async () => {
    const bytes = await file();
    const from = (read: (offset: number, length: number) => unknown) => ({ size: bytes.length, read }) as never;
    const code = (source: never) => codeOfAsync(decryptRange(source, KEY, 0, size, options));
    expect(await code(from(async (offset, length) => bytes.subarray(offset, offset + length - 1)))).toBe('TRUNCATED');
    expect(await code(from(async (offset, length) => bytes.subarray(offset, offset + length + (offset === S ? 1 : 0))))).toBe('INVALID_ARGUMENT');
    await expect(decryptRange(from(async () => 'text'), KEY, 0, 1, options)).rejects.toThrow(TypeError);
    const failure = new Error('offline');
    const failing = from((offset, length) => (offset === 2 * S ? Promise.reject(failure) : Promise.resolve(bytes.subarray(offset, offset + length))));
    await expect(decryptRange(failing, KEY, 0, size, options)).rejects.toBe(failure);
    for (const source of [undefined, {}, { size: 1 }, { size: -1, read() {} }, { size: 'x', read() {} }]) {
      await expect(decryptRange(source as never, KEY, 0, 1, options)).rejects.toThrow(/must/);
    }
  });

  test('a signal ends it, though the source is silent', async () => {
    const controller = new AbortController();
    const given: (AbortSignal | undefined)[] = [];
    const source = {
      size: 10 * S,
      read: (_offset: number, _length: number, signal?: AbortSignal) => {
        given.push(signal);
        return new Promise<Uint8Array>(() => undefined);
      },
    };
    const reading = decryptRange(source, KEY, 0, 1, { ...options, signal: controller.signal });
    controller.abort(new Error('stop'));
    await expect(reading).rejects.toThrow('stop');
    expect(given).toEqual([controller.signal]);
  });

  test('a large range', async () => {
    const large = pattern(3_000_000);
    const blob = new Blob([await collect(encryptStream(large, KEY, { engine }))]);
    same(await decryptRange(blob, KEY, 1000, 2_999_000, { engine }), large.subarray(1000, 2_999_000));
  });
});

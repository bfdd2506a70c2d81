import { Readable } from 'node:stream';

import { describe, expect, test, vi } from 'vitest';

import { decryptRange, decryptStream, encryptStream, encryptedSize, generateFileKey } from '../../js/index.js';
import type { StreamOptions, StreamSource } from '../../js/index.js';
import { codeOfAsync, KEY } from './helpers.js';
import { chunksOf, collect, pattern, pieces, streamOf } from './streams.js';

const S = 4096;
const ENGINES = ['webcrypto', 'wasm'] as const;

const encrypt = (source: StreamSource, options: StreamOptions = {}) => collect(encryptStream(source, KEY, { segmentSize: S, ...options }));
const decrypt = (source: StreamSource, options: StreamOptions = {}) => collect(decryptStream(source, KEY, { segmentSize: S, ...options }));

/** A source that counts how often it is asked, and says what it was told. */
function counting(size: number, chunkSize: number) {
  const state = { reads: 0, cancelled: undefined as unknown };
  const chunk = new Uint8Array(chunkSize);
  let left = size;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        state.reads += 1;
        if (left <= 0) return controller.close();
        left -= chunkSize;
        controller.enqueue(chunk);
      },
      cancel(reason) {
        state.cancelled = reason;
      },
    },
    { highWaterMark: 0 },
  );
  return { state, stream };
}

/** Lets everything happen that can happen without anybody asking for more. */
async function settled(count: () => number): Promise<number> {
  let before: number;
  do {
    before = count();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  } while (count() !== before);
  return before;
}

describe.each(ENGINES)('backpressure, %s', (engine) => {
  const ahead = engine === 'webcrypto' ? 16 : 1;

  test('nothing is read before somebody reads, then a few segments ahead and no more', async () => {
    const { state, stream } = counting(200 * S, S);
    const reader = encryptStream(stream, KEY, { segmentSize: S, engine }).getReader();
    expect(await settled(() => state.reads)).toBe(0);
    await reader.read();
    const first = await settled(() => state.reads);
    expect(first).toBeLessThanOrEqual(ahead + 3);
    for (let i = 0; i < 50; i++) await reader.read();
    const then = await settled(() => state.reads);
    expect(then).toBeGreaterThanOrEqual(50);
    expect(then).toBeLessThanOrEqual(50 + ahead + 3);
    await reader.cancel();
  });

  test('one segment for each read, however large the chunk', async () => {
    const whole = new Uint8Array(100 * 1024 * 1024);
    let largest = 0;
    let total = 0;
    const stream = encryptStream(streamOf([whole]), KEY, { engine });
    for await (const chunk of chunksOf(stream)) {
      largest = Math.max(largest, chunk.length);
      total += chunk.length;
      if (engine === 'wasm' && total > 4 * 1024 * 1024) break;
    }
    expect(largest).toBe(256 * 1024);
    if (engine === 'webcrypto') expect(total).toBe(encryptedSize(whole.length));
  });

  test('a slow source does not hold up what is ready', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    async function* source() {
      yield new Uint8Array(2 * S);
      await gate;
      yield new Uint8Array(S);
    }
    const reader = encryptStream(source(), KEY, { segmentSize: S, engine }).getReader();
    expect((await reader.read()).value).toHaveLength(40);
    expect((await reader.read()).value).toHaveLength(S - 40);
    expect((await reader.read()).value).toHaveLength(S);
    release();
    expect((await reader.read()).value).toHaveLength(128 + 16 - 56 + S - 16 - 72);
  });
});

test.each(ENGINES)('others have the thread while a file goes through, %s', async (engine) => {
  const size = 48 * 1024 * 1024;
  let bytes = 0;
  let longest = 0;
  let done = false;
  async function others(): Promise<void> {
    while (!done) {
      const before = bytes;
      await new Promise((resolve) => setImmediate(resolve));
      longest = Math.max(longest, bytes - before);
    }
  }
  const watching = others();
  for await (const chunk of chunksOf(encryptStream(new Uint8Array(size), KEY, { engine }))) bytes += chunk.length;
  done = true;
  await watching;
  expect(bytes).toBe(encryptedSize(size));
  // Some milliseconds' worth. It would be all of it in one go, with wasm, and in Chromium.
  expect(longest).toBeLessThan(size / 2);
});

test('memory stays flat', async () => {
  const { stream } = counting(512 * 1024 * 1024, 64 * 1024);
  const key = generateFileKey();
  let peak = 0;
  let base = 0;
  let chunks = 0;
  for await (const _ of chunksOf(decryptStream(encryptStream(stream, key), key))) {
    const { arrayBuffers } = process.memoryUsage();
    if (chunks++ === 64) base = arrayBuffers;
    peak = Math.max(peak, arrayBuffers);
  }
  expect(chunks).toBe(2049);
  // Whatever the collector leaves lying about, it is nowhere near the 512 MiB that went through.
  expect(peak - base).toBeLessThan(192 * 1024 * 1024);
});

describe('abort and cancel', () => {
  test('a signal that was aborted before', async () => {
    const { state, stream } = counting(10 * S, S);
    const signal = AbortSignal.abort(new Error('before'));
    await expect(encrypt(stream, { signal })).rejects.toThrow('before');
    expect(state).toEqual({ reads: 0, cancelled: signal.reason });
    await expect(decryptRange(new Blob(['x']), KEY, 0, 1, { signal })).rejects.toThrow('before');
  });

  test.each(ENGINES)('a signal that is aborted half-way, %s', async (engine) => {
    const { state, stream } = counting(100 * S, S);
    const controller = new AbortController();
    const reader = encryptStream(stream, KEY, { segmentSize: S, signal: controller.signal, engine }).getReader();
    await reader.read();
    await reader.read();
    const reason = new Error('half-way');
    controller.abort(reason);
    await expect(reader.read()).rejects.toBe(reason);
    expect(state.cancelled).toBe(reason);
    const reads = await settled(() => state.reads);
    expect(await settled(() => state.reads)).toBe(reads);
  });

  test.each([encryptStream, decryptStream])('a signal while the source is silent: %o', async (call) => {
    const controller = new AbortController();
    const cancel = vi.fn();
    const silent = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => undefined), cancel }, { highWaterMark: 0 });
    const reading = call(silent, KEY, { signal: controller.signal }).getReader().read();
    controller.abort();
    await expect(reading).rejects.toThrow(/abort/i);
    expect(cancel).toHaveBeenCalledOnce();
  });

  test('without a reason it is an AbortError', async () => {
    const controller = new AbortController();
    const reader = encryptStream(pattern(S), KEY, { signal: controller.signal }).getReader();
    controller.abort();
    await expect(reader.read()).rejects.toMatchObject({ name: 'AbortError' });
  });

  test.each([encryptStream, decryptStream])('cancelling the output cancels the source: %o', async (call) => {
    const { state, stream } = counting(100 * S, S);
    await call(stream, KEY, { segmentSize: S }).cancel('enough');
    expect(state).toEqual({ reads: 0, cancelled: 'enough' });
  });

  test('cancelling half-way cancels the source', async () => {
    const { state, stream } = counting(100 * S, S);
    const reader = encryptStream(stream, KEY, { segmentSize: S }).getReader();
    await reader.read();
    await reader.cancel('enough');
    expect(state.cancelled).toBe('enough');

    const returned = vi.fn();
    async function* source() {
      try {
        for (;;) yield new Uint8Array(S);
      } finally {
        returned();
      }
    }
    for await (const _ of chunksOf(encryptStream(source(), KEY, { segmentSize: S }))) break;
    expect(returned).toHaveBeenCalledOnce();
  });

  test("a source's answer to being cancelled comes through", async () => {
    const failure = new Error('cannot stop');
    const stream = new ReadableStream<Uint8Array>({
      cancel() {
        throw failure;
      },
    });
    await expect(encryptStream(stream, KEY).cancel()).rejects.toBe(failure);
  });

  test('cancelling while the header is awaited', async () => {
    const waiting = decryptStream(new ReadableStream({ pull: () => new Promise(() => undefined) }), KEY).getReader();
    const reading = waiting.read();
    await waiting.cancel();
    expect(await reading).toEqual({ done: true, value: undefined });
  });

  test('a file that does not open cancels its source', async () => {
    const { state, stream } = counting(100 * S, S);
    expect(await codeOfAsync(decrypt(stream))).toBe('DECRYPT_FAILED');
    expect(state.cancelled).toMatchObject({ code: 'DECRYPT_FAILED' });
  });

  test('listeners do not pile up on a signal', async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    await decrypt(await encrypt(pattern(S), { signal }), { signal });
    await encryptStream(pattern(S), KEY, { signal }).cancel();
    await codeOfAsync(decrypt(new Uint8Array(3), { signal }));
    expect(added).toHaveBeenCalledTimes(4);
    expect(removed).toHaveBeenCalledTimes(4);
  });
});

describe('errors', () => {
  test("a source's own error comes through, behind what came before it", async () => {
    const failure = new Error('disk gone');
    async function* source() {
      yield new Uint8Array(3 * S);
      throw failure;
    }
    for (const given of [source(), streamOf(source()), Readable.from(source())]) {
      const reader = encryptStream(given, KEY, { segmentSize: S }).getReader();
      expect((await reader.read()).value).toHaveLength(40);
      expect((await reader.read()).value).toHaveLength(S - 40);
      for (let i = 0; i < 2; i++) expect((await reader.read()).value).toHaveLength(S);
      await expect(reader.read()).rejects.toBe(failure);
    }
  });

  test('nobody reads: no error goes unhandled', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    async function* source(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(100);
      throw new Error('later');
    }
    const reader = encryptStream(source(), KEY, { segmentSize: S }).getReader();
    await reader.read();
    const broken = decryptStream(pattern(20 * S), KEY, { segmentSize: S }).getReader();
    broken.closed.catch(() => undefined);
    reader.closed.catch(() => undefined);
    broken.read().catch(() => undefined);
    await settled(() => 0);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('a callback that throws ends the stream with its error', async () => {
    const { state, stream } = counting(100 * S, S);
    const failure = new Error('callback');
    const onProgress = () => {
      throw failure;
    };
    await expect(encrypt(stream, { onProgress })).rejects.toBe(failure);
    expect(state.cancelled).toBe(failure);
  });
});

describe('progress', () => {
  test.each([0, 1, 3 * S, 10 * S])('%i bytes: rises to the size of the source, at most once a segment', async (size) => {
    const plaintext = pattern(size);
    const seen: number[] = [];
    const file = await encrypt(pieces(plaintext, 1000), { onProgress: (bytes) => seen.push(bytes) });
    const opened: number[] = [];
    await decrypt(pieces(file, 1000), { onProgress: (bytes) => opened.push(bytes) });
    const segments = Math.max(1, Math.ceil(file.length / S));
    for (const [list, total] of [[seen, size], [opened, file.length]] as const) {
      expect(list.at(-1) ?? 0).toBe(total);
      expect(list).toEqual([...list].sort((a, b) => a - b));
      expect(list.length).toBeLessThanOrEqual(segments);
    }
  });

  test('a callback may abort', async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('that will do'));
    await expect(encrypt(pattern(10 * S), { signal: controller.signal, onProgress })).rejects.toThrow('that will do');
  });
});

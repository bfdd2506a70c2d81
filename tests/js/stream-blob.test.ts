import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { decryptStream, encryptStream } from '../../js/index.js';
import { collect, pattern } from './streams.js';

/** Blobs are read in one way in browsers, in another in Node: both are tested here, with Node's Blob and with made-up ones. */
const KEY = Uint8Array.from({ length: 32 }, (_, index) => index);
const S = 4096;
const MIB = 1024 * 1024;
/** The ways that can be tested here: Node can pass for a browser, but no browser for Node. */
const PLACES = typeof (globalThis as { process?: { versions?: { node?: unknown } } }).process?.versions?.node === 'string' ? ['node', 'browser'] : ['browser'];

/** A Blob of another make. */
interface Fake {
  readonly blob: Blob;
  /** Bytes of all slices that were opened, and of all streams that were not slices. */
  opened(): number;
  readonly cancelled: ReturnType<typeof vi.fn>;
}

/** What `make` gives stands for the bytes from `start` to `end`; the size is claimed, whatever comes. */
function fake(size: number, make: (start: number, end: number, cancelled: (reason: unknown) => void) => ReadableStream): Fake {
  let opened = 0;
  const cancelled = vi.fn();
  const part = (start: number, end: number): object => ({
    size: end - start,
    stream() {
      opened += end - start;
      return make(start, end, cancelled);
    },
    slice: (from: number, to: number) => part(start + from, Math.min(start + to, end)),
  });
  return { blob: part(0, size) as Blob, opened: () => opened, cancelled };
}

/** A stream of `bytes` in pieces of `size`, one for each pull; a byte stream if so wished, as those of browsers are. */
function piecewise(bytes: Uint8Array, size: number, type: 'bytes' | undefined, cancel?: (reason: unknown) => void): ReadableStream {
  let at = 0;
  const pull = (controller: ReadableStreamDefaultController | ReadableByteStreamController) => {
    if (at >= bytes.length) {
      controller.close();
      if ('byobRequest' in controller) controller.byobRequest?.respond(0);
      return;
    }
    controller.enqueue(bytes.slice(at, (at += size)));
  };
  const rest = { pull, ...(cancel && { cancel: (reason: unknown) => cancel(reason) }) };
  return type === 'bytes' ? new ReadableStream({ type, ...rest }) : new ReadableStream(rest, { highWaterMark: 0 });
}

describe.each(PLACES)('read as in %s', (place) => {
  beforeEach(() => {
    if (place === 'browser') Object.defineProperty(process, 'type', { value: 'renderer', configurable: true });
  });
  afterEach(() => {
    delete (process as { type?: unknown }).type;
  });

  test.each([0, 1, S - 57, S - 56, S - 55, S, 2 * S - 73, 2 * S - 72, 2 * S - 71, 10 * S, 3 * MIB + 5])('%i bytes, in one part, in several, and a slice', async (size) => {
    const bytes = pattern(size);
    const parts = [bytes.subarray(0, size >> 2), bytes.subarray(size >> 2, size >> 1), bytes.subarray(size >> 1)];
    const options = { segmentSize: S };
    for (const blob of [new Blob([bytes]), new Blob(parts), new Blob(['head', bytes, 'tail']).slice(4, 4 + size)]) {
      const file = await collect(encryptStream(blob, KEY, options));
      expect(Buffer.compare(await collect(decryptStream(file, KEY, options)), bytes)).toBe(0);
      expect(Buffer.compare(await collect(decryptStream(new Blob([file]), KEY, options)), bytes)).toBe(0);
    }
  });

  test.each([
    [1, undefined],
    [1000, undefined],
    [S, undefined],
    [5 * S, undefined],
    [1000, 'bytes'],
    [S, 'bytes'],
    [5 * S, 'bytes'],
  ] as const)('a stream that gives %i bytes at once, of type %s', async (size, type) => {
    const bytes = pattern(10 * S);
    const { blob } = fake(bytes.length, (start, end, cancelled) => piecewise(bytes.subarray(start, end), size, type, cancelled));
    const plaintext = collect(decryptStream(encryptStream(blob, KEY, { segmentSize: S }), KEY, { segmentSize: S }));
    expect(Buffer.compare(await plaintext, bytes)).toBe(0);
  });

  test.each(['bytes', undefined] as const)('nothing is opened before somebody reads, and not much more than is asked for, of type %s', async (type) => {
    const size = 64 * MIB;
    const { blob, opened } = fake(size, (start, end) => piecewise(new Uint8Array(end - start), 64 * 1024, type));
    const reader = encryptStream(blob, KEY).getReader();
    expect(opened()).toBe(0);
    await reader.read();
    await reader.read();
    // A stream that fills buffers is read as far as is asked for. Slices are read whole: without buffers to fill WebKit's stream
    // hands out all of the Blob in one piece.
    if (place === 'browser' && type === 'bytes') expect(opened()).toBe(size);
    else expect(opened()).toBeLessThanOrEqual(4 * MIB);
    await reader.cancel();
  });

  const ends = [0, 100, S, 3 * S].flatMap((length) => [[length, 'bytes'], [length, undefined]] as const);
  test.each(ends)('a Blob that ends after %i bytes, before its size says, is an error, of type %s', async (length, type) => {
    const { blob } = fake(4 * S, (start, end) => piecewise(new Uint8Array(Math.max(0, Math.min(end, length) - start)), S, type));
    await expect(collect(encryptStream(blob, KEY, { segmentSize: S }))).rejects.toThrow('ended before its size');
  });

  test.each(['bytes', undefined] as const)('what it fails with comes through, of type %s', async (type) => {
    const gone = new Error('the file has changed');
    const pull = () => Promise.reject(gone);
    const { blob } = fake(4 * S, () => (type === 'bytes' ? new ReadableStream({ type, pull }) : new ReadableStream({ pull })));
    await expect(collect(encryptStream(blob, KEY, { segmentSize: S }))).rejects.toBe(gone);
  });

  test('what is not bytes is refused', async () => {
    const { blob } = fake(4 * S, () => piecewise('text' as unknown as Uint8Array, 4, undefined));
    await expect(collect(encryptStream(blob, KEY, { segmentSize: S }))).rejects.toThrow(TypeError);
  });
});

test('in a browser, cancelling cancels a stream of type bytes', async () => {
  Object.defineProperty(process, 'type', { value: 'renderer', configurable: true });
  try {
    const { blob, cancelled } = fake(100 * S, (start, end, cancel) => piecewise(new Uint8Array(end - start), S, 'bytes', cancel));
    const reader = encryptStream(blob, KEY, { segmentSize: S }).getReader();
    await reader.read();
    await reader.cancel('enough');
    expect(cancelled).toHaveBeenCalledWith('enough');
  } finally {
    delete (process as { type?: unknown }).type;
  }
});

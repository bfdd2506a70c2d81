// Sources that cost next to nothing, and ways to take streams in. Runs in Node and in pages.

import { KIB } from './stats.mjs';

/** What most sources give at once, or a few of which most programs would collect. */
export const CHUNK_BYTES = 256 * KIB;

/**
 * The same chunk again and again.
 *
 * @param {Uint8Array<ArrayBuffer>} chunk
 * @param {number} total - A multiple of the chunk's length.
 * @returns {ReadableStream<Uint8Array<ArrayBuffer>>}
 */
export function repeated(chunk, total) {
  let left = total;
  return new ReadableStream(
    {
      pull(controller) {
        if (left <= 0) return controller.close();
        left -= chunk.length;
        controller.enqueue(chunk);
      },
    },
    { highWaterMark: 0 },
  );
}

/** @param {readonly Uint8Array<ArrayBuffer>[]} chunks @returns {ReadableStream<Uint8Array<ArrayBuffer>>} */
export function streamOf(chunks) {
  let next = 0;
  return new ReadableStream(
    {
      pull(controller) {
        const chunk = chunks[next];
        next += 1;
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Hands each chunk of a stream to `out`. @template T @param {ReadableStream<T>} stream @param {(chunk: T) => void} out */
export async function drain(stream, out) {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    out(value);
  }
}

/**
 * Chunks of `size` bytes, the last as long as it comes, out of a stream or a Blob: what a program writes that has a cipher for
 * single messages and wants to encrypt a file. Each is valid until the next.
 *
 * @param {ReadableStream<Uint8Array<ArrayBuffer>> | Blob} source
 * @param {number} size
 */
export async function* rechunk(source, size) {
  const reader = plain(source).getReader();
  const buffer = new Uint8Array(size);
  let filled = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    for (let at = 0; at < value.length; ) {
      if (filled === 0 && value.length - at >= size) {
        yield value.subarray(at, at + size);
        at += size;
        continue;
      }
      const part = value.subarray(at, at + size - filled);
      buffer.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < size) continue;
      filled = 0;
      yield buffer;
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}

/** @param {ReadableStream<Uint8Array<ArrayBuffer>> | Blob} source @returns {ReadableStream<Uint8Array<ArrayBuffer>>} */
export function plain(source) {
  return 'stream' in source ? source.stream() : source;
}

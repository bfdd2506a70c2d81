import { checkBytes, checkObject } from '../check.js';
import type { StreamSource } from '../types.js';
import { blobReader, isBlob } from './blob.js';

/** Chunks of a source, one at a time. */
export interface ChunkReader {
  /**
   * The next chunk, `undefined` at the end. Not to be called again before it has settled, nor after the end.
   *
   * A reader that has {@link isOver} gives `wanted` bytes or more until the end comes, if it can choose, and may write over
   * them at the next call.
   */
  read(wanted: number): Promise<Uint8Array | undefined>;
  /** Whether nothing follows, known without reading. Where it is missing, only `read` can tell. */
  isOver?(): boolean;
  /** Tells the source that no more is wanted. May be called at any time, and again. */
  cancel(reason: unknown): Promise<void>;
}

/**
 * Takes a source over. A stream is locked from now on; nothing is read yet.
 *
 * Goes by what a source can do, not by its class: streams and blobs come from other realms, polyfills and Node too.
 *
 * @throws `TypeError` when it is no source, or a stream that is locked.
 */
export function openSource(source: StreamSource): ChunkReader {
  checkObject('source', source);
  if (Object.prototype.toString.call(source) === '[object Uint8Array]') return bytesReader(source as Uint8Array);
  if (isBlob(source)) return blobReader(source);
  if ('getReader' in source && typeof source.getReader === 'function') return streamReader(source);
  if (Symbol.asyncIterator in source && typeof source[Symbol.asyncIterator] === 'function') return iterableReader(source);
  throw new TypeError('source must be a Blob, a Uint8Array, a ReadableStream or an AsyncIterable');
}

function bytesReader(bytes: Uint8Array): ChunkReader {
  let rest: Uint8Array | undefined = checkChunk(bytes);
  return {
    read() {
      const chunk = rest;
      rest = undefined;
      return Promise.resolve(chunk);
    },
    cancel: () => Promise.resolve(),
  };
}

/** Chunks as a stream gives them. */
export function streamReader(stream: ReadableStream<Uint8Array>): ChunkReader {
  const reader = stream.getReader();
  let ended = false;
  return {
    async read() {
      const { done, value } = await reader.read();
      if (!done) return checkChunk(value);
      ended = true;
      reader.releaseLock();
      return undefined;
    },
    cancel: (reason) => (ended ? Promise.resolve() : reader.cancel(reason)),
  };
}

function iterableReader(iterable: AsyncIterable<Uint8Array>): ChunkReader {
  const iterator = iterable[Symbol.asyncIterator]();
  let ended = false;
  return {
    async read() {
      // An iterator that throws has ended, as in a `for await` loop.
      ended = true;
      const { done, value } = await iterator.next();
      if (done === true) return undefined;
      ended = false;
      return checkChunk(value);
    },
    async cancel() {
      if (ended) return;
      ended = true;
      await iterator.return?.();
    },
  };
}

/** Chunks that WebCrypto would refuse, because their bytes could change or vanish under it, are copied. */
export function checkChunk(chunk: unknown): Uint8Array {
  checkBytes('what the source gives', chunk);
  const { buffer } = chunk;
  const fixed = Object.prototype.toString.call(buffer) === '[object ArrayBuffer]' && !(buffer as { resizable?: boolean }).resizable;
  return fixed ? chunk : new Uint8Array(chunk);
}

import { isBlob } from '../blob.js';
import { checkObject } from '../check.js';
import type { StreamSource } from '../types.js';
import { blobReader } from './blob.js';
import { checkChunk, streamReader } from './chunks.js';
import type { ChunkReader } from './chunks.js';

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

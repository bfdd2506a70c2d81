import { checkObject } from '../check.js';
import type { Bytes, StreamOptions, StreamSource } from '../types.js';
import { openKey, segmentSizeOf } from './key.js';
import { parallelOf } from './parallel.js';
import { createPipeline } from './pipeline.js';
import { openSource } from './source.js';

/**
 * Encrypts a file of any size as a stream: Tink's AES256-GCM-HKDF streaming format, which any Tink can read.
 *
 * Driven by whoever reads: the source is read as fast as the output is taken, about 1 MiB ahead, 3 MiB for a Blob in Node.
 * `encryptedSize` says how long the output will be. Cancelling the output cancels the source.
 *
 * Where encrypting is work of the calling thread (Chromium, wasm), others have it every 8 ms.
 *
 * Fastest from a `Blob` and from chunks of a segment's length or more: of smaller ones each segment is put together, with a copy.
 *
 * @param source - A `Blob`, bytes, a `ReadableStream` (locked from now on) or an async iterable such as a Node `Readable`.
 * Its chunks may have any length; they must not be changed afterwards.
 * @param key - 32 bytes, of `generateFileKey`. Copied; may be overwritten once this returns.
 * @param options - Segment size and associated data must be given to decrypt, too.
 * @returns The encrypted file. Errors with what the source throws, with the signal's reason, and with `TOO_LARGE`.
 * @throws `INVALID_KEY`, `INVALID_SEGMENT_SIZE`, `INVALID_ARGUMENT` for an engine that does not exist, `RANDOM_UNAVAILABLE`;
 * `TypeError` for wrong types and a locked stream.
 *
 * @example
 * ```ts
 * import { encryptStream, generateFileKey } from 'hushroom';
 *
 * const key = generateFileKey();
 * const file = new Blob(['as large as you like']);
 * await fetch('/upload', { method: 'PUT', body: encryptStream(file, key), duplex: 'half' } as RequestInit);
 * ```
 */
export function encryptStream(source: StreamSource, key: Uint8Array, options: StreamOptions = {}): ReadableStream<Bytes> {
  checkObject('options', options);
  const segmentSize = segmentSizeOf(options.segmentSize);
  const fileKey = openKey(key, options);
  return createPipeline({
    reader: openSource(source),
    segmentSize,
    headSize: 0,
    signal: options.signal,
    onProgress: options.onProgress,
    async start() {
      const sealer = await fileKey.sealer();
      return {
        head: sealer.header() as Bytes,
        parallel: parallelOf(sealer.engineName(), segmentSize),
        capacity: () => sealer.capacity(),
        process: (bytes, last) => sealer.seal(bytes, last),
        free: () => sealer.free(),
      };
    },
    free: () => fileKey.free(),
  });
}

import { checkObject } from '../check.js';
import type { Bytes, StreamOptions, StreamSource } from '../types.js';
import { HEADER_SIZE, openKey, segmentSizeOf } from './key.js';
import { parallelOf } from './parallel.js';
import { createPipeline } from './pipeline.js';
import { openSource } from './source.js';

/**
 * Decrypts what {@link encryptStream}, or any Tink with the same parameters, has encrypted.
 *
 * Hands out plaintext segment by segment, each verified before. But the file is whole only when the stream *closes*: one that
 * errors half-way has been cut or changed behind what it gave. So write to a temporary place until then. Driven by whoever
 * reads; cancelling the output cancels the source. Gives the thread to others as `encryptStream` does.
 *
 * @param source - As for `encryptStream`.
 * @param key - The 32 bytes it was encrypted with. Copied; may be overwritten once this returns.
 * @param options - The segment size and associated data it was encrypted with.
 * @returns The plaintext. Errors with `DECRYPT_FAILED` for a wrong key, wrong options and any change, without saying which;
 * with `TRUNCATED` when the end is missing and the cut lies between segments (inside one it is `DECRYPT_FAILED`); with what
 * the source throws and with the signal's reason.
 * @throws `INVALID_KEY`, `INVALID_SEGMENT_SIZE`, `INVALID_ARGUMENT` for an engine that does not exist; `TypeError` for wrong
 * types and a locked stream.
 *
 * @example
 * ```ts
 * import { decryptStream, generateFileKey } from 'hushroom';
 *
 * const key = generateFileKey(); // the one it was encrypted with
 * const response = await fetch('/download');
 * for await (const chunk of decryptStream(response.body!, key)) console.log(chunk.length);
 * ```
 */
export function decryptStream(source: StreamSource, key: Uint8Array, options: StreamOptions = {}): ReadableStream<Bytes> {
  checkObject('options', options);
  const segmentSize = segmentSizeOf(options.segmentSize);
  const fileKey = openKey(key, options);
  return createPipeline({
    reader: openSource(source),
    segmentSize,
    headSize: HEADER_SIZE,
    signal: options.signal,
    onProgress: options.onProgress,
    async start(head) {
      const opener = await fileKey.opener(head);
      return {
        parallel: parallelOf(opener.engineName(), segmentSize),
        capacity: () => opener.capacity(),
        process: (bytes, last) => opener.open(bytes, last),
        free: () => opener.free(),
      };
    },
    free: () => fileKey.free(),
  });
}

import { checkBytes, checkInteger, checkObject, checkString } from '../check.js';
import type { FileKey } from '../gen/core/exports.js';
import { wasm } from '../load.js';
import type { Bytes, StreamOptions } from '../types.js';

/** Ciphertext bytes of one segment. WebCrypto is fastest around here. */
export const DEFAULT_SEGMENT_SIZE: number = 256 * 1024;
/** Bytes in front of the first segment. */
export const HEADER_SIZE = 40;

const NO_BYTES = new Uint8Array(0);
const MAX_UINT32 = 0xffff_ffff;

/**
 * Makes the key of a file: 32 random bytes, which belong to the caller. Overwrite them when done.
 *
 * One key may encrypt any number of files, each of which gets a salt of its own.
 *
 * @throws `RANDOM_UNAVAILABLE` when the platform has no secure random source.
 *
 * @example
 * ```ts
 * import { decryptStream, encryptStream, generateFileKey } from 'hushroom';
 *
 * const key = generateFileKey();
 * const encrypted = encryptStream(new Blob(['hello']), key);
 * await new Response(decryptStream(encrypted, key)).text(); // 'hello'
 * ```
 */
export function generateFileKey(): Bytes {
  return wasm().generateFileKey() as Bytes;
}

/** Checks key and options before anything else happens, and hands them to wasm. The result must be freed. @internal */
export function openKey(key: Uint8Array, options: StreamOptions): FileKey {
  checkBytes('key', key);
  const { associatedData = NO_BYTES, engine = 'auto', signal, onProgress } = options;
  checkBytes('associatedData', associatedData);
  checkString('engine', engine);
  if (signal !== undefined) {
    checkObject('signal', signal);
    if (typeof signal.addEventListener !== 'function') throw new TypeError('signal must be an AbortSignal');
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') throw new TypeError('onProgress must be a function');
  const segmentSize = segmentSizeOf(options.segmentSize);
  return new (wasm().FileKey)(key, associatedData, segmentSize, engine);
}

/** The segment size, or the default. Its bounds are checked in wasm. */
export function segmentSizeOf(segmentSize: number = DEFAULT_SEGMENT_SIZE): number {
  checkInteger('segmentSize', segmentSize, MAX_UINT32);
  return segmentSize;
}

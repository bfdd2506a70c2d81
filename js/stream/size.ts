import { checkInteger } from '../check.js';
import { wasm } from '../load.js';
import { segmentSizeOf } from './key.js';

/**
 * How many bytes `encryptStream` makes of `plain` bytes: 40 and 16 for each segment more.
 *
 * @param plain - In bytes.
 * @param segmentSize - As given to `encryptStream`. Default 256 KiB.
 * @throws `TOO_LARGE` above 2^32 - 1 segments, `INVALID_SEGMENT_SIZE`; `TypeError` and `RangeError` unless both are whole
 * numbers.
 *
 * @example
 * ```ts
 * import { encryptedSize } from 'hushroom';
 *
 * const file = new Blob(['hello']);
 * const headers = { 'content-length': String(encryptedSize(file.size)) }; // 61
 * ```
 */
export function encryptedSize(plain: number, segmentSize?: number): number {
  checkInteger('plain', plain, Number.MAX_SAFE_INTEGER);
  return wasm().encryptedSize(plain, segmentSizeOf(segmentSize));
}

/**
 * How many bytes `decryptStream` makes of `encrypted` bytes. Whether they are a whole file, only decrypting can tell.
 *
 * @param encrypted - In bytes.
 * @param segmentSize - As given to `encryptStream`. Default 256 KiB.
 * @throws `TRUNCATED` when no encrypted file has that length, `TOO_LARGE`, `INVALID_SEGMENT_SIZE`; `TypeError` and
 * `RangeError` unless both are whole numbers.
 *
 * @example
 * ```ts
 * import { decryptedSize } from 'hushroom';
 *
 * decryptedSize(61); // 5
 * ```
 */
export function decryptedSize(encrypted: number, segmentSize?: number): number {
  checkInteger('encrypted', encrypted, Number.MAX_SAFE_INTEGER);
  return wasm().decryptedSize(encrypted, segmentSizeOf(segmentSize));
}

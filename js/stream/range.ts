import { blobAccess, isBlob } from '../blob.js';
import { checkInteger, checkObject } from '../check.js';
import type { FileKey, FileRangeOpener } from '../gen/core/exports.js';
import type { Bytes, RandomAccessSource, RangeOptions } from '../types.js';
import { checkChunk } from './chunks.js';
import { HEADER_SIZE, openKey } from './key.js';

/** Segments that are read and opened at once. */
const PARALLEL = 4;

/**
 * Decrypts a part of an encrypted file without reading the rest.
 *
 * The last segment is always read and verified first, because it authenticates the file's length. The result is held in
 * memory as a whole.
 *
 * @param source - A `Blob`, or `{ size, read(offset, length, signal) }`, of the whole encrypted file.
 * @param key - The 32 bytes it was encrypted with. Copied; may be overwritten once this returns.
 * @param start - The first byte of the plaintext that is wanted.
 * @param end - The byte behind the last that is wanted.
 * @param options - The segment size and associated data it was encrypted with.
 * @returns `end - start` bytes. Rejects with `OUT_OF_RANGE` when the plaintext is shorter; with `DECRYPT_FAILED` and
 * `TRUNCATED` as `decryptStream` does, as far as what was read shows it; with what the source throws and with the
 * signal's reason.
 * @throws `INVALID_KEY`, `INVALID_SEGMENT_SIZE`, `INVALID_ARGUMENT` for an engine that does not exist; `TypeError` and
 * `RangeError` for wrong types and numbers. All of these, too, come as a rejection.
 *
 * @example
 * ```ts
 * import { decryptRange, encryptStream, generateFileKey } from 'hushroom';
 *
 * const key = generateFileKey();
 * const encrypted = await new Response(encryptStream(new Blob(['hello, world']), key)).blob();
 * new TextDecoder().decode(await decryptRange(encrypted, key, 7, 12)); // 'world'
 * ```
 */
export async function decryptRange(
  source: Blob | RandomAccessSource,
  key: Uint8Array,
  start: number,
  end: number,
  options: RangeOptions = {},
): Promise<Bytes> {
  checkObject('options', options);
  checkInteger('start', start, Number.MAX_SAFE_INTEGER);
  checkInteger('end', end, Number.MAX_SAFE_INTEGER);
  const { signal } = options;
  const file = randomAccess(source);
  const fileKey = openKey(key, options);
  try {
    signal?.throwIfAborted();
  } catch (reason) {
    fileKey.free();
    throw reason;
  }
  return orAborted(readRange({ file, fileKey, signal }, start, end), signal);
}

interface Job {
  readonly file: RandomAccessSource;
  readonly fileKey: FileKey;
  readonly signal: AbortSignal | undefined;
}

async function readRange(job: Job, start: number, end: number): Promise<Bytes> {
  const opener = await openFile(job);
  try {
    const last = opener.last();
    const tail = await opener.openLast(await read(job, last.offset, last.length));
    const { from, to } = opener.segments(start, end);
    const plaintext = new Uint8Array(end - start);
    let next = from;
    async function work(): Promise<void> {
      while (next < to) {
        const { index, offset, length, from: first, to: behind, at } = opener.cell(next++, start, end);
        const segment = index === last.index ? tail : await opener.open(index, await read(job, offset, length));
        plaintext.set(segment.subarray(first, behind), at);
      }
    }
    const workers = Array.from({ length: PARALLEL }, async () => {
      try {
        await work();
      } catch (error) {
        // The others stop after the segment they are at.
        next = to;
        throw error;
      }
    });
    // Not `all`: nobody may be at work any more when the opener is freed.
    for (const result of await Promise.allSettled(workers)) if (result.status === 'rejected') throw result.reason;
    return plaintext;
  } finally {
    opener.free();
  }
}

async function openFile(job: Job): Promise<FileRangeOpener> {
  const { file, fileKey } = job;
  try {
    const header = await read(job, 0, Math.min(HEADER_SIZE, file.size));
    return await fileKey.rangeOpener(header, file.size);
  } finally {
    fileKey.free();
  }
}

async function read({ file, signal }: Job, offset: number, length: number): Promise<Uint8Array> {
  signal?.throwIfAborted();
  return checkChunk(await file.read(offset, length, signal));
}

function randomAccess(source: Blob | RandomAccessSource): RandomAccessSource {
  checkObject('source', source);
  if (isBlob(source)) return blobAccess(source);
  checkInteger('source.size', source.size, Number.MAX_SAFE_INTEGER);
  if (typeof source.read !== 'function') throw new TypeError('source must be a Blob or have a method read');
  return source;
}

/** Rejects as soon as the signal says so, though a source that does not listen may go on for a while. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

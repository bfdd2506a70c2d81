// A stream of one size, to nowhere. Runs in Node and in pages.

import { CHUNK_BYTES, drain, repeated } from '../lib/sources.mjs';
import { median, MIB } from '../lib/stats.mjs';

const WARM_UP_BYTES = 64 * MIB;
/** Short ones are repeated until they come to this, so that the clock can tell, and others to the machine do not decide. */
const LEAST_BYTES = 256 * MIB;
const MOST_TIMES = 25;

/**
 * Seconds to encrypt a file of `size` bytes, and to encrypt it and decrypt that at once.
 *
 * @param {typeof import('../../js/index.js')} hushroom
 * @param {number} size
 * @param {() => void} warm - Called when the warm-up is over.
 */
export async function streamSize({ encryptStream, decryptStream, generateFileKey }, size, warm) {
  const key = generateFileKey();
  const chunk = new Uint8Array(CHUNK_BYTES);
  const there = (/** @type {number} */ length) => encryptStream(repeated(chunk, length), key);
  const both = (/** @type {number} */ length) => decryptStream(there(length), key);
  await drain(both(WARM_UP_BYTES), () => undefined);
  warm();
  const times = Math.min(MOST_TIMES, Math.max(1, Math.floor(LEAST_BYTES / size)));
  return { encrypt: await timed(there), both: await timed(both) };

  /** @param {(length: number) => ReadableStream<Uint8Array>} make */
  async function timed(make) {
    const seconds = [];
    for (let i = 0; i < times; i += 1) {
      const start = performance.now();
      let length = 0;
      await drain(make(size), (piece) => (length += piece.length));
      if (length < size) throw new Error(`${length} of ${size} bytes came`);
      seconds.push((performance.now() - start) / 1000);
    }
    return median(seconds);
  }
}

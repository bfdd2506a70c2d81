// How fast each candidate is, all in turn. Runs in Node and in pages.

import { interleave } from '../lib/interleave.mjs';
import { CHUNK_BYTES, repeated } from '../lib/sources.mjs';
import { KIB, median, MIB } from '../lib/stats.mjs';
import { CANDIDATES } from './candidates.mjs';

/** @typedef {import('./candidates.mjs').Bytes} Bytes */
/** @typedef {import('../lib/interleave.mjs').Variant} Variant */

/** Ciphertext that is kept, to be decrypted again and again. */
const FILE_BYTES = 32 * MIB;
const BARE = /** @type {const} */ ([
  [64 * KIB, 8],
  [256 * KIB, 4],
]);

/**
 * MiB/s by candidate, and `bare`: the faster of two loops of `crypto.subtle` over bytes in memory, without any stream. And
 * milliseconds from the call to the first ciphertext, in a process that is warm.
 *
 * @param {() => Promise<any>} load - The package.
 * @param {{ total: number, rounds: number }} options
 */
export async function measureThroughput(load, { total, rounds }) {
  const chunk = crypto.getRandomValues(new Uint8Array(64 * KIB));
  const big = new Uint8Array(CHUNK_BYTES);
  for (let at = 0; at < CHUNK_BYTES; at += chunk.length) big.set(chunk, at);
  /** @type {Variant[]} */
  const variants = await bareVariants(total);
  /** @type {Record<string, number[]>} */
  const first = {};
  for (const [name, { share, make }] of Object.entries(CANDIDATES)) {
    const { encrypt, decrypt } = await make(load);
    const bytes = Math.max(CHUNK_BYTES, total * share);
    const fileBytes = Math.min(FILE_BYTES, bytes);
    /** @type {Bytes[]} */
    const file = [];
    await encrypt(repeated(big, fileBytes), (piece) => file.push(piece));
    const times = (first[name] = /** @type {number[]} */ ([]));
    const variant = (/** @type {'encrypt' | 'decrypt'} */ direction, /** @type {(count: (piece: Bytes) => void) => Promise<void>} */ work) => ({
      name: `${direction} ${name}`,
      async run() {
        let length = 0;
        await work((piece) => (length += piece.length));
        if (length < bytes) throw new Error(`${name} gave ${length} of ${bytes} bytes`);
        return bytes / MIB;
      },
    });
    variants.push(
      variant('encrypt', (count) => {
        const start = performance.now();
        let started = false;
        return encrypt(repeated(big, bytes), (piece) => {
          // A header of the key alone is no ciphertext yet; each cipher's first piece is longer than this.
          if (!started && piece.length > 1024) {
            started = true;
            times.push(performance.now() - start);
          }
          count(piece);
        });
      }),
      variant('decrypt', async (count) => {
        for (let done = 0; done < bytes; done += fileBytes) await decrypt(file, count);
      }),
    );
  }
  const rates = await interleave(variants, rounds);
  for (const direction of ['encrypt', 'decrypt']) {
    rates[`${direction} bare`] = Math.max(...BARE.map(([size]) => rates[`${direction} bare ${size}`] ?? NaN));
  }
  return { rates, firstMs: Object.fromEntries(Object.entries(first).map(([name, times]) => [name, median(times.slice(1))])) };
}

/** One key and nonce for all, which is for benchmarks only, and results that nobody looks at. @param {number} total */
async function bareVariants(total) {
  const key = await crypto.subtle.importKey('raw', new Uint8Array(32), 'AES-GCM', false, ['encrypt', 'decrypt']);
  const parameters = { name: 'AES-GCM', iv: new Uint8Array(12) };
  /** @type {Variant[]} */
  const variants = [];
  for (const [size, inFlight] of BARE) {
    const plaintext = new Uint8Array(size);
    const ciphertext = new Uint8Array(await crypto.subtle.encrypt(parameters, key, plaintext));
    for (const [direction, input] of /** @type {const} */ ([['encrypt', plaintext], ['decrypt', ciphertext]])) {
      variants.push({
        name: `${direction} bare ${size}`,
        async run() {
          let left = total;
          const work = async () => {
            for (; left > 0; left -= size) await crypto.subtle[direction](parameters, key, input);
          };
          await Promise.all(Array.from({ length: inFlight }, work));
          return total / MIB;
        },
      });
    }
  }
  return variants;
}

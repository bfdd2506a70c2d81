// What the package weighs, and what it may.

import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import { at } from './run.mjs';

/**
 * The most that what a user loads may weigh, in bytes of brotli: the entry with its wasm inside, and the wasm by itself.
 * Two percent above what they weigh, so that growth is noticed where it comes from. The aims, for the entries' wasm: 60,000
 * (core) and 150,000 (room). Lower a limit when something has become smaller.
 */
export const LIMITS = {
  'index.js': 67_800,
  'core.wasm': 53_600,
  'room.js': 305_200,
  'room.wasm': 261_400,
  'react.js': 3_400,
};

/**
 * @typedef {{ name: string, raw: number, gzip: number, brotli: number }} Size
 */

/** @param {string} name @param {Uint8Array} bytes @returns {Size} */
export function sizeOf(name, bytes) {
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return {
    name,
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params }).length,
  };
}

/**
 * Prints the sizes of files in `dist/`, and fails when one is above its limit or has a limit and is not there.
 *
 * @param {string[]} names
 */
export function checkSizes(names) {
  const sizes = names.map((name) => sizeOf(name, readFileSync(at('dist', name))));
  console.log(`${''.padEnd(20)}${['raw', 'gzip', 'brotli', 'limit'].map((word) => word.padStart(10)).join('')}`);
  for (const { name, raw, gzip, brotli } of sizes) {
    const limit = /** @type {Record<string, number>} */ (LIMITS)[name];
    const columns = [raw, gzip, brotli, ...(limit === undefined ? [] : [limit])];
    console.log(name.padEnd(20) + columns.map(kilobytes).join(''));
  }
  const wrong = excess(sizes, LIMITS);
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
}

/**
 * What is above its limit, or has one and was not measured.
 *
 * @param {readonly Size[]} sizes
 * @param {Record<string, number>} limits - In bytes of brotli, by file.
 * @returns {string[]} A sentence for each.
 */
export function excess(sizes, limits) {
  return Object.entries(limits).flatMap(([name, limit]) => {
    const size = sizes.find((each) => each.name === name);
    if (size === undefined) return [`${name} has a size limit and was not built`];
    if (size.brotli <= limit) return [];
    return [`${name} is ${size.brotli} bytes with brotli, above its limit of ${limit} (scripts/lib/sizes.mjs)`];
  });
}

/** @param {number} bytes */
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);

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
  'react.js': 3_500,
  'vue.js': 3_800,
};

/**
 * A bundle that needs only some of an entry: what is imported, from which file of `dist/`.
 *
 * @typedef {{ names: string, from: string }} Part
 */

/**
 * What a bundler makes of a page that imports only some names, and the most that this may weigh, again in brotli. Codes are
 * read by the wasm, which is one piece: they cost what the whole entry does, less the streams; where that matters there is
 * `hushroom/slim`. Telling an error by its code must cost nothing, wherever it is imported from.
 *
 * @type {(Part & { limit: number })[]}
 */
export const PARTS = [
  { names: 'parseShareCode, shareLink, generateShareCode', from: 'index.js', limit: 62_300 },
  { names: 'parseShareCode, shareLink, generateShareCode', from: 'slim.js', limit: 4_700 },
  { names: 'parseShareCode, shareLink', from: 'room.slim.js', limit: 6_900 },
  { names: 'isHushError', from: 'index.js', limit: 200 },
  { names: 'isHushError', from: 'room.js', limit: 330 },
];

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

/** What a part is called in the table and in errors. @param {Part} part */
export const partName = ({ names, from }) => `{ ${names} } of ${from}`;

/**
 * Bundles a part, minified, as an application's bundler does.
 *
 * @param {Part} part
 * @param {string} [folder] - Where the entries are.
 * @returns {Promise<Size>}
 */
export async function sizeOfPart(part, folder = at('dist')) {
  // Not at the top: this module is loaded by the scripts that install esbuild.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    stdin: { contents: `export { ${part.names} } from './${part.from}';`, resolveDir: folder },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    // What is wrong is in the error that is thrown.
    logLevel: 'silent',
  });
  return sizeOf(partName(part), outputFiles[0]?.contents ?? new Uint8Array());
}

/**
 * Prints the sizes of files in `dist/` and of what is bundled from them, and fails when one is above its limit or has a
 * limit and is not there.
 *
 * @param {string[]} names
 */
export async function checkSizes(names) {
  const sizes = names.map((name) => sizeOf(name, readFileSync(at('dist', name))));
  for (const part of PARTS) sizes.push(await sizeOfPart(part));
  const limits = { ...LIMITS, ...Object.fromEntries(PARTS.map((part) => [partName(part), part.limit])) };
  const width = 2 + Math.max(...sizes.map(({ name }) => name.length));
  console.log(`${''.padEnd(width)}${['raw', 'gzip', 'brotli', 'limit'].map((word) => word.padStart(10)).join('')}`);
  for (const { name, raw, gzip, brotli } of sizes) {
    const limit = /** @type {Record<string, number>} */ (limits)[name];
    const columns = [raw, gzip, brotli, ...(limit === undefined ? [] : [limit])];
    console.log(name.padEnd(width) + columns.map(kilobytes).join(''));
  }
  const wrong = excess(sizes, limits);
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

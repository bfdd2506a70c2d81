// What the package weighs.

import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import { at } from './run.mjs';

/** Prints raw, gzip and brotli sizes of files in `dist/`. @param {string[]} names */
export function printSizes(names) {
  /** @param {number} bytes */
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);
  console.log(`${''.padEnd(20)}${'raw'.padStart(10)}${'gzip'.padStart(10)}${'brotli'.padStart(10)}`);
  for (const name of names) {
    const bytes = readFileSync(at('dist', name));
    const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
    console.log(
      name.padEnd(20) + [bytes, gzipSync(bytes, { level: 9 }), brotli].map((each) => kilobytes(each.length)).join(''),
    );
  }
}

// What the smallest program that encrypts and decrypts a stream weighs with each, bundled for browsers.

import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';

import { build } from 'esbuild';

import { at } from '../../scripts/lib/run.mjs';

/** @type {Record<string, { title: string, imports: string, from: string, wasm?: string }>} */
const PROGRAMS = {
  hushroom: { title: 'hushroom', imports: 'encryptStream, decryptStream', from: at('dist/index.js') },
  slim: {
    title: 'hushroom/slim and its core.wasm',
    imports: 'init, encryptStream, decryptStream',
    from: at('dist/slim.js'),
    wasm: at('dist/core.wasm'),
  },
  libsodium: { title: 'libsodium-wrappers', imports: 'default as sodium', from: 'libsodium-wrappers' },
  'noble-chacha': { title: '@noble/ciphers, chacha20poly1305', imports: 'chacha20poly1305', from: '@noble/ciphers/chacha.js' },
  'noble-gcm': { title: '@noble/ciphers, gcm', imports: 'gcm', from: '@noble/ciphers/aes.js' },
  age: { title: 'age-encryption', imports: 'Encrypter, Decrypter', from: 'age-encryption' },
};

/** Bytes of each: minified, and that with gzip and Brotli at their best. WebCrypto and Arthas' loop need no library. */
export async function measureBundles() {
  /** @type {Record<string, { title: string, plain: number, gzip: number, brotli: number }>} */
  const sizes = {};
  for (const [name, { title, imports, from, wasm }] of Object.entries(PROGRAMS)) {
    const { outputFiles } = await build({
      stdin: { contents: `export { ${imports} } from ${JSON.stringify(from)};`, resolveDir: at('.') },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      target: 'es2022',
      legalComments: 'none',
      logLevel: 'error',
    });
    const files = [outputFiles[0]?.contents ?? new Uint8Array(0), ...(wasm === undefined ? [] : [readFileSync(wasm)])];
    const sum = (/** @type {(bytes: Uint8Array) => number} */ length) => files.reduce((total, file) => total + length(file), 0);
    sizes[name] = {
      title,
      plain: sum(({ length }) => length),
      gzip: sum((file) => gzipSync(file, { level: 9 }).length),
      brotli: sum((file) => brotliCompressSync(file, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length),
    };
  }
  return sizes;
}

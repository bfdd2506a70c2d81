// Sealed messages against single calls of `crypto.subtle`. Runs in Node and in pages.

import { interleave } from '../lib/interleave.mjs';
import { KIB, MIB } from '../lib/stats.mjs';

/** @typedef {typeof import('../../js/index.js')} Hushroom */
/** @typedef {import('../lib/interleave.mjs').Variant} Variant */

export const MESSAGE_SIZES = [64, KIB, 64 * KIB, MIB];
/** What each variant works through in a round: enough for the clock, not so much that large messages take minutes. */
const BYTES = 16 * MIB;
const MOST_CALLS = 10_000;

/**
 * Microseconds for each message, by size and then by name: ours; one call of `crypto.subtle` and nothing else; and the same
 * work as ours with `crypto.subtle`, which takes a key as bytes, draws an IV and gives base64url.
 *
 * @param {Hushroom} hushroom
 * @param {{ rounds: number }} options
 */
export async function measureMessages(hushroom, { rounds }) {
  /** @type {Record<number, Record<string, number>>} */
  const results = {};
  for (const size of MESSAGE_SIZES) {
    const rates = await interleave(await variants(hushroom, size), rounds);
    results[size] = Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, 1e6 / rate]));
  }
  return results;
}

/** @param {Hushroom} hushroom @param {number} size @returns {Promise<Variant[]>} */
async function variants({ generateFileKey, sealMessage, openMessage }, size) {
  const { subtle } = crypto;
  const key = generateFileKey();
  const cryptoKey = await subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']);
  const message = new Uint8Array(size);
  const sealed = sealMessage(key, message);
  const fixed = { name: 'AES-GCM', iv: new Uint8Array(12) };
  const ciphertext = await subtle.encrypt(fixed, cryptoKey, message);
  const calls = Math.min(MOST_CALLS, BYTES / size);
  /** @param {string} name @param {() => unknown} call @returns {Variant} */
  const synchronous = (name, call) => ({
    name,
    async run() {
      for (let i = 0; i < calls; i += 1) call();
      return calls;
    },
  });
  /** @param {string} name @param {() => Promise<unknown>} call @returns {Variant} */
  const asynchronous = (name, call) => ({
    name,
    async run() {
      for (let i = 0; i < calls; i += 1) await call();
      return calls;
    },
  });
  return [
    synchronous('sealMessage', () => sealMessage(key, message)),
    synchronous('openMessage', () => openMessage(key, sealed)),
    asynchronous('encrypt', () => subtle.encrypt(fixed, cryptoKey, message)),
    asynchronous('decrypt', () => subtle.decrypt(fixed, cryptoKey, ciphertext)),
    asynchronous('seal with crypto.subtle', () => sealSubtle(key, message)),
    asynchronous('open with crypto.subtle', () => openSubtle(key, sealed)),
  ];
}

/** @param {Uint8Array<ArrayBuffer>} key @param {Uint8Array<ArrayBuffer>} message */
async function sealSubtle(key, message) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const cryptoKey = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
  const ciphertext = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, cryptoKey, message);
  return { iv: encode(iv), ciphertext: encode(new Uint8Array(ciphertext)) };
}

/** @param {Uint8Array<ArrayBuffer>} key @param {{ iv: string, ciphertext: string }} sealed */
async function openSubtle(key, sealed) {
  const cryptoKey = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);
  return crypto.subtle.decrypt({ name: 'AES-GCM', iv: decode(sealed.iv) }, cryptoKey, decode(sealed.ciphertext));
}

/** base64url as pages do it. @param {Uint8Array} bytes */
function encode(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** @param {string} text */
function decode(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

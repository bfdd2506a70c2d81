// Short messages: ours and what people would use instead. Runs in Node and in pages.

import { interleave } from '../lib/interleave.mjs';
import { KIB, MIB } from '../lib/stats.mjs';

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

export const PEER_MESSAGE_SIZES = [64, KIB, 64 * KIB];
const BYTES = 8 * MIB;
const MOST_CALLS = 2000;
const KEY = Uint8Array.from({ length: 32 }, (_, index) => index);

/** @type {Record<string, string>} */
export const MESSAGE_TITLES = {
  hushroom: 'hushroom, sealMessage',
  webcrypto: 'WebCrypto, a key kept',
  'webcrypto-import': 'WebCrypto, key as bytes',
  libsodium: 'libsodium-wrappers, secretbox',
  'noble-chacha': '@noble/ciphers, xchacha20poly1305',
  'noble-gcm': '@noble/ciphers, gcm',
  age: 'age-encryption',
};

/**
 * Microseconds to seal one message and to open it, by size and then by name. Each draws a nonce and takes a key as bytes,
 * except where the title says otherwise; ours gives text in base64url, the others bytes.
 *
 * @param {() => Promise<any>} load
 * @param {{ rounds: number }} options
 */
export async function measurePeerMessages(load, { rounds }) {
  const makers = await pairs(load);
  /** @type {Record<number, Record<string, number>>} */
  const results = {};
  for (const size of PEER_MESSAGE_SIZES) {
    const message = new Uint8Array(size);
    const variants = [];
    for (const [name, { seal, open, share = 1 }] of Object.entries(makers)) {
      const sealed = await seal(message);
      const calls = Math.max(1, Math.min(MOST_CALLS, BYTES / size) * share);
      for (const [verb, call] of /** @type {const} */ ([['seal', () => seal(message)], ['open', () => open(sealed)]])) {
        variants.push({
          name: `${verb} ${name}`,
          async run() {
            for (let i = 0; i < calls; i += 1) {
              const result = call();
              // A promise only for those that need one.
              if (result instanceof Promise) await result;
            }
            return calls;
          },
        });
      }
    }
    const rates = await interleave(variants, rounds);
    results[size] = Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, 1e6 / rate]));
  }
  return results;
}

/** @param {() => Promise<any>} load @returns {Promise<Record<string, { seal(message: Bytes): any, open(sealed: any): any, share?: number }>>} */
async function pairs(load) {
  const { sealMessage, openMessage } = await load();
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  const { xchacha20poly1305 } = await import('@noble/ciphers/chacha.js');
  const { gcm } = await import('@noble/ciphers/aes.js');
  const { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const identity = await generateX25519Identity();
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const kept = await importKey();
  const random = (/** @type {number} */ length) => crypto.getRandomValues(new Uint8Array(length));
  const sealWith = async (/** @type {CryptoKey} */ key, /** @type {Bytes} */ message) => {
    const iv = random(12);
    return { iv, ciphertext: await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, message) };
  };
  const openWith = (/** @type {CryptoKey} */ key, /** @type {{ iv: Bytes, ciphertext: ArrayBuffer }} */ { iv, ciphertext }) =>
    crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, ciphertext);
  const noble = (/** @type {any} */ cipher, /** @type {number} */ nonceBytes) => ({
    seal(/** @type {Bytes} */ message) {
      const nonce = random(nonceBytes);
      return { nonce, ciphertext: cipher(KEY, nonce).encrypt(message) };
    },
    open: (/** @type {any} */ { nonce, ciphertext }) => cipher(KEY, nonce).decrypt(ciphertext),
    share: 1 / 8,
  });
  return {
    hushroom: { seal: (message) => sealMessage(KEY, message), open: (sealed) => openMessage(KEY, sealed) },
    webcrypto: { seal: (message) => sealWith(kept, message), open: (sealed) => openWith(kept, sealed) },
    'webcrypto-import': {
      seal: async (message) => sealWith(await importKey(), message),
      open: async (sealed) => openWith(await importKey(), sealed),
    },
    libsodium: {
      seal(message) {
        const nonce = sodium.randombytes_buf(sodium.crypto_secretbox_NONCEBYTES);
        return { nonce, ciphertext: sodium.crypto_secretbox_easy(message, nonce, KEY) };
      },
      open: ({ nonce, ciphertext }) => sodium.crypto_secretbox_open_easy(ciphertext, nonce, KEY),
    },
    'noble-chacha': noble(xchacha20poly1305, 24),
    'noble-gcm': noble(gcm, 12),
    // A file format with a key agreement in each file: not made for messages.
    age: { seal: (message) => encrypter.encrypt(message), open: (sealed) => decrypter.decrypt(sealed), share: 1 / 100 },
  };
}

function importKey() {
  return crypto.subtle.importKey('raw', KEY, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

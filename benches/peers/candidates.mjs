// What people would use instead, each the way its documentation says. Runs in Node and in pages. Each candidate is made by a
// function that loads nothing but what that candidate needs, so that memory and start are its own.

import { drain, plain, rechunk, streamOf } from '../lib/sources.mjs';
import { KIB } from '../lib/stats.mjs';

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */
/** @typedef {(chunk: Bytes) => void} Out */
/** @typedef {ReadableStream<Bytes> | Blob} Source */

/**
 * A file encrypted and decrypted, chunk by chunk.
 *
 * @typedef {object} Candidate
 * @property {(source: Source, out: Out) => Promise<void>} encrypt
 * @property {(chunks: readonly Bytes[], out: Out) => Promise<void>} decrypt - Of the chunks that `encrypt` gave.
 */

const SEGMENT_BYTES = 256 * KIB;
const ARTHAS_CHUNK_BYTES = 64 * KIB;
/** What Arthas' web client waits after each chunk, at the least. */
const ARTHAS_DELAY_MS = 10;
const KEY = Uint8Array.from({ length: 32 }, (_, index) => index);

/**
 * `share` is how much of the bytes a candidate gets in a round, so that slow ones do not take minutes: what counts is a rate.
 *
 * @type {Record<string, { title: string, share: number, make(hushroom: () => Promise<any>): Promise<Candidate> }>}
 */
export const CANDIDATES = {
  hushroom: { title: 'hushroom', share: 1, make: makeHushroom },
  'webcrypto-256': { title: 'WebCrypto, 256 KiB, 4 in flight', share: 1, make: () => makeWebCrypto(SEGMENT_BYTES, 4) },
  'webcrypto-64': { title: 'WebCrypto, 64 KiB, 8 in flight', share: 1, make: () => makeWebCrypto(64 * KIB, 8) },
  libsodium: { title: 'libsodium-wrappers, secretstream', share: 1 / 4, make: makeLibsodium },
  'noble-chacha': { title: '@noble/ciphers, chacha20poly1305', share: 1 / 8, make: makeNobleChacha },
  'noble-gcm': { title: '@noble/ciphers, gcm', share: 1 / 8, make: makeNobleGcm },
  age: { title: 'age-encryption', share: 1 / 8, make: makeAge },
  arthas: { title: "Arthas' chunking, a model", share: 1 / 64, make: makeArthas },
};

/** @param {() => Promise<typeof import('../../js/index.js')>} load @returns {Promise<Candidate>} */
async function makeHushroom(load) {
  const { encryptStream, decryptStream } = await load();
  return {
    encrypt: (source, out) => drain(encryptStream(source, KEY), out),
    decrypt: (chunks, out) => drain(decryptStream(streamOf(chunks), KEY), out),
  };
}

/** A loop with a counter as nonce and some calls in flight. @param {number} size @param {number} inFlight @returns {Promise<Candidate>} */
async function makeWebCrypto(size, inFlight) {
  const key = await crypto.subtle.importKey('raw', KEY, 'AES-GCM', false, ['encrypt', 'decrypt']);
  /** @param {AsyncIterable<Bytes> | Iterable<Bytes>} chunks @param {'encrypt' | 'decrypt'} direction @param {Out} out */
  const loop = async (chunks, direction, out) => {
    /** @type {Promise<ArrayBuffer>[]} */
    const calls = [];
    let index = 0;
    for await (const chunk of chunks) {
      calls.push(crypto.subtle[direction]({ name: 'AES-GCM', iv: counter(index) }, key, chunk));
      index += 1;
      if (calls.length === inFlight) out(new Uint8Array(/** @type {ArrayBuffer} */ (await calls.shift())));
    }
    for (const call of calls) out(new Uint8Array(await call));
  };
  return {
    encrypt: (source, out) => loop(rechunk(source, size), 'encrypt', out),
    decrypt: (chunks, out) => loop(chunks, 'decrypt', out),
  };
}

/** @returns {Promise<Candidate>} */
async function makeLibsodium() {
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  return {
    async encrypt(source, out) {
      const { state, header } = sodium.crypto_secretstream_xchacha20poly1305_init_push(KEY);
      out(/** @type {Bytes} */ (header));
      for await (const chunk of rechunk(source, SEGMENT_BYTES)) {
        out(/** @type {Bytes} */ (sodium.crypto_secretstream_xchacha20poly1305_push(state, chunk, null, sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE)));
      }
    },
    async decrypt([header, ...chunks], out) {
      const state = sodium.crypto_secretstream_xchacha20poly1305_init_pull(/** @type {Bytes} */ (header), KEY);
      for await (const chunk of chunks) {
        const opened = sodium.crypto_secretstream_xchacha20poly1305_pull(state, chunk, null);
        if (!opened) throw new Error('libsodium did not decrypt');
        out(/** @type {Bytes} */ (opened.message));
      }
    },
  };
}

async function makeNobleChacha() {
  const { chacha20poly1305 } = await import('@noble/ciphers/chacha.js');
  return noble(chacha20poly1305);
}

async function makeNobleGcm() {
  const { gcm } = await import('@noble/ciphers/aes.js');
  return noble(gcm);
}

/** @param {(key: Uint8Array, nonce: Uint8Array) => { encrypt(bytes: Uint8Array): Uint8Array, decrypt(bytes: Uint8Array): Uint8Array }} cipher @returns {Candidate} */
function noble(cipher) {
  return {
    async encrypt(source, out) {
      let index = 0;
      for await (const chunk of rechunk(source, SEGMENT_BYTES)) out(/** @type {Bytes} */ (cipher(KEY, counter(index++)).encrypt(chunk)));
    },
    async decrypt(chunks, out) {
      let index = 0;
      for await (const chunk of chunks) out(/** @type {Bytes} */ (cipher(KEY, counter(index++)).decrypt(chunk)));
    },
  };
}

/** With a recipient, which is its way to give a key. @returns {Promise<Candidate>} */
async function makeAge() {
  const { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  return {
    async encrypt(source, out) {
      const encrypter = new Encrypter();
      encrypter.addRecipient(recipient);
      await drain(await encrypter.encrypt(plain(source)), /** @type {any} */ (out));
    },
    async decrypt(chunks, out) {
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      await drain(await decrypter.decrypt(streamOf(chunks)), /** @type {any} */ (out));
    },
  };
}

/**
 * How Arthas sends a file, from its description: chunks of 64 KiB, one after the other, each under an IV drawn for it, and a
 * wait after each. Nothing binds the chunks together. No code of it.
 *
 * @returns {Promise<Candidate>}
 */
async function makeArthas() {
  const key = await crypto.subtle.importKey('raw', KEY, 'AES-GCM', false, ['encrypt', 'decrypt']);
  return {
    async encrypt(source, out) {
      for await (const chunk of rechunk(source, ARTHAS_CHUNK_BYTES)) {
        const iv = crypto.getRandomValues(new Uint8Array(12));
        const ciphertext = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, chunk));
        const frame = new Uint8Array(12 + ciphertext.length);
        frame.set(iv);
        frame.set(ciphertext, 12);
        out(frame);
        await new Promise((resolve) => setTimeout(resolve, ARTHAS_DELAY_MS));
      }
    },
    // A receiver does not wait.
    async decrypt(chunks, out) {
      for (const chunk of chunks) {
        out(new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: chunk.subarray(0, 12) }, key, chunk.subarray(12))));
      }
    },
  };
}

/** @param {number} index */
function counter(index) {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(8, index);
  return nonce;
}

// The part of `node:crypto` that the suite uses, of JavaScript alone: a second opinion on the package must not come from
// the engine that the package uses itself.

import { gcm } from '@noble/ciphers/aes.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { Buffer } from './node.js';

const utf8 = (data: Uint8Array | string) => (typeof data === 'string' ? new TextEncoder().encode(data) : data);
const plain = (data: Uint8Array) => new Uint8Array(data);

export function randomBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

export function createHash(name: string) {
  only(name, 'sha256');
  const state = sha256.create();
  const hash = {
    update(data: Uint8Array | string) {
      state.update(plain(utf8(data)));
      return hash;
    },
    digest(encoding?: 'hex') {
      const digest = Buffer.from(state.digest());
      return encoding === undefined ? digest : digest.toString(encoding);
    },
  };
  return hash;
}

export function hkdfSync(name: string, key: Uint8Array, salt: Uint8Array, info: Uint8Array | string, length: number): ArrayBuffer {
  only(name, 'sha256');
  return hkdf(sha256, plain(key), plain(utf8(salt)), plain(utf8(info)), length).slice().buffer as ArrayBuffer;
}

export function createCipheriv(name: string, key: Uint8Array, iv: Uint8Array) {
  only(name, 'aes-256-gcm');
  const parts: Uint8Array[] = [];
  let sealed = Buffer.alloc(0);
  return {
    update(data: Uint8Array | string) {
      parts.push(utf8(data));
      return Buffer.alloc(0);
    },
    final() {
      sealed = Buffer.from(gcm(plain(key), plain(iv)).encrypt(plain(Buffer.concat(parts))));
      return sealed.subarray(0, -16);
    },
    getAuthTag: () => sealed.subarray(-16),
  };
}

export function createDecipheriv(name: string, key: Uint8Array, iv: Uint8Array) {
  only(name, 'aes-256-gcm');
  const parts: Uint8Array[] = [];
  let tag = Buffer.alloc(0);
  return {
    setAuthTag(data: Uint8Array) {
      tag = Buffer.from(data);
    },
    update(data: Uint8Array) {
      parts.push(data);
      return Buffer.alloc(0);
    },
    final: () => Buffer.from(gcm(plain(key), plain(iv)).decrypt(plain(Buffer.concat([...parts, tag])))),
  };
}

/** An Ed25519 key, of the DER in which Node takes them: its last 32 bytes. */
interface Key {
  readonly raw: Uint8Array;
  readonly isPrivate: boolean;
  export(): Buffer;
}

const keyOf = (raw: Uint8Array, isPrivate: boolean): Key => ({
  raw,
  isPrivate,
  export: () => Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]),
});

export const createPrivateKey = ({ key }: { key: Uint8Array }): Key => keyOf(plain(key.subarray(-32)), true);

export const createPublicKey = (key: Key | { key: Uint8Array }): Key =>
  keyOf('isPrivate' in key ? ed25519.getPublicKey(key.raw) : plain(key.key.subarray(-32)), false);

export const sign = (_: null, data: Uint8Array, key: Key): Buffer => Buffer.from(ed25519.sign(plain(data), key.raw));

export const verify = (_: null, data: Uint8Array, key: Key, signature: Uint8Array): boolean => {
  try {
    return ed25519.verify(plain(signature), plain(data), key.raw);
  } catch {
    // A signature that is none.
    return false;
  }
};

function only(name: string, known: string): void {
  if (name !== known) throw new Error(`there is no ${name} in a page of the tests, only ${known}`);
}

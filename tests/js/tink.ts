// The file format once more, from its description alone and on another implementation of the primitives: a second opinion
// on what the package makes, and the means to make files that it must refuse.

import { createCipheriv, createHash, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** `header | segments`, each segment with the flag and the counter it was sealed with. */
export interface TinkFile {
  readonly header: Buffer;
  readonly segments: readonly Buffer[];
}

export interface TinkOptions {
  readonly segmentSize: number;
  readonly associatedData?: Uint8Array;
  readonly header?: Uint8Array;
  /** Where counting starts. */
  readonly firstIndex?: number;
}

const DEFAULT_HEADER = Buffer.from([40, ...Array.from({ length: 39 }, (_, i) => i)]);

/** Encrypts; the header is fixed unless given. */
export function tinkEncrypt(key: Uint8Array, plaintext: Uint8Array, options: TinkOptions): TinkFile {
  const header = Buffer.from(options.header ?? DEFAULT_HEADER);
  const pieces = [plaintext.subarray(0, options.segmentSize - 56)];
  for (let at = options.segmentSize - 56; at < plaintext.length; at += options.segmentSize - 16) {
    pieces.push(plaintext.subarray(at, at + options.segmentSize - 16));
  }
  const first = options.firstIndex ?? 0;
  const segments = pieces.map((piece, i) => tinkSeal(key, piece, { ...options, index: first + i, last: i === pieces.length - 1 }));
  return { header, segments };
}

/** Encrypts one segment. */
export function tinkSeal(key: Uint8Array, plaintext: Uint8Array, options: TinkOptions & { index: number; last: boolean }): Buffer {
  const { header = DEFAULT_HEADER, associatedData = Buffer.alloc(0), index, last } = options;
  const segmentKey = Buffer.from(hkdfSync('sha256', key, header.subarray(1, 33), associatedData, 32));
  const nonce = Buffer.alloc(12);
  nonce.set(header.subarray(33, 40));
  nonce.writeUInt32BE(index, 7);
  nonce[11] = last ? 1 : 0;
  const cipher = createCipheriv('aes-256-gcm', segmentKey, nonce);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** The bytes of a file. */
export function tinkBytes({ header, segments }: TinkFile): Buffer {
  return Buffer.concat([header, ...segments]);
}

interface Vectors {
  readonly groups: readonly VectorGroup[];
}

export interface VectorGroup {
  readonly name: string;
  readonly ikm_hex: string;
  readonly ciphertext_segment_size: number;
  readonly derived_key_size: number;
  readonly hkdf_hash: string;
  readonly tests: readonly {
    readonly id: number;
    readonly aad_hex: string;
    readonly plaintext_len: number;
    readonly plaintext_seed: string;
    readonly plaintext_sha256: string;
    readonly header_hex: string;
    readonly ciphertext_len: number;
    readonly ciphertext_sha256: string;
  }[];
}

/** The vectors made with Google's Tink. */
export function tinkVectors(): readonly VectorGroup[] {
  const path = new URL('../vectors/tink/aes_gcm_hkdf_streaming.json', import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as Vectors).groups;
}

/** The plaintext of a vector. */
export function tinkPlaintext(seed: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) => {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(i);
    return createHash('sha256').update(seed).update(counter).digest();
  });
  return Buffer.concat(blocks).subarray(0, length);
}

/** SHA-256, as hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

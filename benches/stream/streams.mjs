// Streams against bare loops of `crypto.subtle`. Runs in Node and in pages.

import { interleave } from '../lib/interleave.mjs';
import { KIB, MIB, sizeText } from '../lib/stats.mjs';

/** @typedef {typeof import('../../js/index.js')} Hushroom */
/** @typedef {import('../lib/interleave.mjs').Variant} Variant */
/** @typedef {'encrypt' | 'decrypt'} Direction */

export const RAW_SIZES = [64 * KIB, 256 * KIB, MIB];
export const RAW_IN_FLIGHT = [1, 4, 8];
const CHUNK_SIZES = [64 * KIB, 256 * KIB, MIB];
/** A file's length. */
const FILE_BYTES = 64 * MIB;

/** @param {Direction} direction @param {number} size @param {number} inFlight */
export const rawName = (direction, size, inFlight) => `crypto.subtle.${direction}, ${sizeText(size)}, ${inFlight} in flight`;

/** How one reads a Blob by hand: its stream, or slices of 1 MiB with the next one being read. */
export const BLOB_LOOPS = /** @type {const} */ (['stream', 'slices']);
/** Of what is encrypted and decrypted there. */
const BLOB_SEGMENT = 256 * KIB;

/** @param {Direction} direction @param {typeof BLOB_LOOPS[number]} loop */
export const blobName = (direction, loop) => `crypto.subtle.${direction}, a Blob by ${loop}`;

/**
 * Rates in MiB/s, by name: those of {@link rawName} and {@link blobName}, and ours, which begin with `encryptStream` and `decryptStream`.
 *
 * Both sides go through the same memory: 1 MiB of plaintext again and again, and a file of {@link FILE_BYTES} again and again.
 * What is left is what streams cost.
 *
 * @param {Hushroom} hushroom
 * @param {{ total: number, rounds: number }} options - `total` is a multiple of {@link FILE_BYTES}.
 */
export async function measureStreams(hushroom, { total, rounds }) {
  const variants = [...(await rawVariants(total)), ...(await ourVariants(hushroom, total))];
  return interleave(variants, rounds);
}

/**
 * The bare loop: one key and nonce for all, which is for benchmarks only, and results that nobody looks at.
 *
 * @param {number} total
 */
async function rawVariants(total) {
  const { subtle } = crypto;
  const key = await subtle.importKey('raw', new Uint8Array(32), 'AES-GCM', false, ['encrypt', 'decrypt']);
  const parameters = { name: 'AES-GCM', iv: new Uint8Array(12) };
  const ciphertext = new Uint8Array(FILE_BYTES);
  /** @type {Variant[]} */
  const variants = [];
  for (const size of RAW_SIZES) {
    const segment = new Uint8Array(await subtle.encrypt(parameters, key, new Uint8Array(size - 16)));
    /** @param {Direction} direction @param {number} inFlight @returns {Variant} */
    const variant = (direction, inFlight) => ({
      name: rawName(direction, size, inFlight),
      // The three sizes take turns in one buffer.
      prepare() {
        if (direction === 'decrypt') for (let at = 0; at < FILE_BYTES; at += size) ciphertext.set(segment, at);
      },
      async run() {
        const input = direction === 'encrypt' ? new Uint8Array(MIB) : ciphertext;
        let done = 0;
        const work = async () => {
          while (done < total) {
            const at = done % input.length;
            done += size;
            await subtle[direction](parameters, key, input.subarray(at, at + size));
          }
        };
        await Promise.all(Array.from({ length: inFlight }, work));
        return total / MIB;
      },
    });
    for (const inFlight of RAW_IN_FLIGHT) variants.push(variant('encrypt', inFlight), variant('decrypt', inFlight));
  }
  return variants;
}

/**
 * What one would write by hand for a Blob: read it, put segments of 256 KiB together where its pieces are smaller, four calls in
 * flight.
 *
 * @param {number} total
 * @returns {Promise<Variant[]>}
 */
async function blobVariants(total) {
  const { subtle } = crypto;
  const key = await subtle.importKey('raw', new Uint8Array(32), 'AES-GCM', false, ['encrypt', 'decrypt']);
  const parameters = { name: 'AES-GCM', iv: new Uint8Array(12) };
  const segment = new Uint8Array(await subtle.encrypt(parameters, key, new Uint8Array(BLOB_SEGMENT - 16)));
  const blob = new Blob(Array.from({ length: total / BLOB_SEGMENT }, () => segment));

  /** @param {Direction} direction @param {AsyncIterable<Uint8Array<ArrayBuffer>>} pieces */
  async function work(direction, pieces) {
    /** @type {Promise<unknown>[]} */
    const calls = [];
    for await (const piece of segmentsOf(pieces)) {
      calls.push(subtle[direction](parameters, key, piece));
      if (calls.length === 4) await calls.shift();
    }
    await Promise.all(calls);
  }

  const variants = BLOB_LOOPS.flatMap((loop) =>
    /** @type {const} */ (['encrypt', 'decrypt']).map((direction) => ({
      name: blobName(direction, loop),
      async run() {
        await work(direction, loop === 'stream' ? chunksOf(blob) : slicesOf(blob));
        return total / MIB;
      },
    })),
  );
  return variants;
}

/** @param {Blob} blob */
async function* chunksOf(blob) {
  const reader = blob.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** @param {Blob} blob */
async function* slicesOf(blob) {
  const slice = (/** @type {number} */ at) => blob.slice(at, at + MIB).arrayBuffer();
  let ahead = slice(0);
  for (let at = MIB; ; at += MIB) {
    const bytes = new Uint8Array(await ahead);
    if (at < blob.size) ahead = slice(at);
    yield bytes;
    if (at >= blob.size) return;
  }
}

/** @param {AsyncIterable<Uint8Array<ArrayBuffer>>} pieces */
async function* segmentsOf(pieces) {
  let segment = new Uint8Array(0);
  let filled = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      if (filled === 0 && piece.length - at >= BLOB_SEGMENT) {
        yield piece.subarray(at, (at += BLOB_SEGMENT));
        continue;
      }
      if (filled === 0) segment = new Uint8Array(BLOB_SEGMENT);
      const part = piece.subarray(at, at + BLOB_SEGMENT - filled);
      segment.set(part, filled);
      at += part.length;
      filled += part.length;
      if (filled < BLOB_SEGMENT) continue;
      yield segment;
      filled = 0;
    }
  }
}

/** @param {Hushroom} hushroom @param {number} total @returns {Promise<Variant[]>} */
async function ourVariants({ encryptStream, decryptStream, generateFileKey }, total) {
  const key = generateFileKey();
  const chunk = new Uint8Array(MIB);
  const blob = new Blob(Array.from({ length: total / MIB }, () => chunk));
  const file = await collect(encryptStream(repeated(chunk, FILE_BYTES), key));
  const encrypted = new Blob([file]);
  /** @param {string} name @param {() => Promise<void>} work @returns {Variant} */
  const variant = (name, work) => ({
    name,
    async run() {
      await work();
      return total / MIB;
    },
  });
  return [
    ...(await blobVariants(total)),
    ...CHUNK_SIZES.map((size) =>
      variant(`encryptStream, chunks of ${sizeText(size)}`, () => drain(encryptStream(repeated(chunk.subarray(0, size), total), key))),
    ),
    variant('encryptStream, a Blob', () => drain(encryptStream(blob, key))),
    ...CHUNK_SIZES.map((size) =>
      variant(`decryptStream, chunks of ${sizeText(size)}`, async () => {
        for (let done = 0; done < total; done += FILE_BYTES) await drain(decryptStream(sliced(file, size), key));
      }),
    ),
    variant('decryptStream, a Blob', async () => {
      for (let done = 0; done < total; done += FILE_BYTES) await drain(decryptStream(encrypted, key));
    }),
  ];
}

/** @param {ReadableStream<Uint8Array>} stream */
async function drain(stream) {
  const reader = stream.getReader();
  while (!(await reader.read()).done);
}

/** @param {() => Uint8Array | undefined} next @returns {ReadableStream<Uint8Array>} */
function streamOf(next) {
  return new ReadableStream(
    {
      pull(controller) {
        const chunk = next();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
    },
    { highWaterMark: 0 },
  );
}

/**
 * A source that costs next to nothing: the same chunk again and again.
 *
 * @param {Uint8Array} chunk
 * @param {number} total
 */
function repeated(chunk, total) {
  let left = total;
  return streamOf(() => {
    if (left <= 0) return undefined;
    left -= chunk.length;
    return chunk;
  });
}

/** @param {Uint8Array} bytes @param {number} size */
function sliced(bytes, size) {
  let at = 0;
  return streamOf(() => {
    if (at >= bytes.length) return undefined;
    at += size;
    return bytes.subarray(at - size, at);
  });
}

/** @param {ReadableStream<Uint8Array<ArrayBuffer>>} stream */
async function collect(stream) {
  const reader = stream.getReader();
  const chunks = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
    chunks.push(value);
  }
}

// Our files against Google's Tink (the Python package, which is its C++ core): what one encrypts the other must decrypt.
// Uses the built package, and installs Tink into a virtual environment of its own.
//
//   npm run test:interop

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { python } from '../../scripts/lib/python.mjs';
import { at } from '../../scripts/lib/run.mjs';

const OUT = at('tests/out/interop');
const TINK = 'tink==1.16.1';

const SEGMENT_SIZES = [4096, 65_536, 262_144, 1_048_576];
const ASSOCIATED_DATA = [new Uint8Array(0), new TextEncoder().encode('room:attachment:1'), randomBytes(300)];

/** Plaintext sizes around every edge of segments of `s` bytes, and one of several segments. @param {number} s */
const sizesOf = (s) => [0, 1, s - 57, s - 56, s - 55, s - 16, s, 2 * s - 73, 2 * s - 72, 2 * s - 71, 5 * s + 123];

/** A Tink that answers one job after the other. */
function startTink(/** @type {string} */ interpreter) {
  const child = spawn(interpreter, [at('tests/interop/tink_peer.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let jobs = 0;
  return {
    /**
     * Gives the output, or `undefined` when Tink refuses.
     *
     * @param {'encrypt' | 'decrypt'} op
     * @param {Uint8Array} key
     * @param {Uint8Array} aad
     * @param {number} segmentSize
     * @param {Uint8Array} input
     */
    async ask(op, key, aad, segmentSize, input) {
      const [from, to] = [join(OUT, 'input'), join(OUT, `output-${jobs++}`)];
      writeFileSync(from, input);
      const hex = (/** @type {Uint8Array} */ bytes) => Buffer.from(bytes).toString('hex');
      const job = { op, key: hex(key), aad: hex(aad), segment_size: segmentSize, input: from, output: to };
      child.stdin.write(`${JSON.stringify(job)}\n`);
      const { done, value } = await lines.next();
      if (done) throw new Error('Tink ended');
      if (!JSON.parse(value).ok) return undefined;
      const output = readFileSync(to);
      rmSync(to);
      return output;
    },
    stop: () => child.stdin.end(),
  };
}

/** @param {ReadableStream<Uint8Array>} stream */
const collect = async (stream) => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};

async function main() {
  const interpreter = await python('tink', [TINK]);
  mkdirSync(OUT, { recursive: true });
  const { decryptRange, decryptStream, encryptStream, generateFileKey } = await import(at('dist/index.js'));
  const tink = startTink(interpreter);
  let checks = 0;
  const check = (/** @type {boolean | undefined} */ ok, /** @type {string} */ what) => {
    checks += 1;
    if (!ok) throw new Error(`${what} differs`);
  };
  const engines = ['webcrypto', 'wasm'];
  try {
    for (const segmentSize of SEGMENT_SIZES) {
      for (const size of sizesOf(segmentSize)) {
        for (const associatedData of ASSOCIATED_DATA) {
          const key = generateFileKey();
          const plaintext = randomBytes(size);
          const name = `${size} bytes in segments of ${segmentSize} with ${associatedData.length} bytes of associated data`;
          const theirs = await tink.ask('encrypt', key, associatedData, segmentSize, plaintext);
          if (theirs === undefined) throw new Error(`Tink does not encrypt: ${name}`);
          for (const engine of engines) {
            const options = { segmentSize, associatedData, engine };
            const ours = await collect(encryptStream(plaintext, key, options));
            check((await tink.ask('decrypt', key, associatedData, segmentSize, ours))?.equals(plaintext), `ours to Tink: ${name}`);
            check((await collect(decryptStream(theirs, key, options))).equals(plaintext), `Tink to ours: ${name}`);
            const [start, end] = [Math.floor(size / 3), Math.floor((2 * size) / 3)];
            const part = await decryptRange(new Blob([new Uint8Array(theirs)]), key, start, end, options);
            check(plaintext.subarray(start, end).equals(part), `a range of Tink's: ${name}`);
            if (size > 0) {
              ours.writeUInt8(ours.readUInt8(ours.length >> 1) ^ 1, ours.length >> 1);
              check((await tink.ask('decrypt', key, associatedData, segmentSize, ours)) === undefined, `a changed file: ${name}`);
            }
          }
        }
      }
    }
  } finally {
    tink.stop();
  }
  console.log(`interop: ${checks} checks against Tink agree`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

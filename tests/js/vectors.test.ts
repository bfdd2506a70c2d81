import { describe, expect, test } from 'vitest';

import { decryptRange, decryptStream, decryptedSize, encryptedSize } from '../../js/index.js';
import type { StreamOptions } from '../../js/index.js';
import { codeOf, codeOfAsync, KEY } from './helpers.js';
import { collect } from './streams.js';
import { sha256, tinkBytes, tinkEncrypt, tinkPlaintext, tinkSeal, tinkVectors } from './tink.js';

const S = 4096;
const ENGINES = ['webcrypto', 'wasm'] as const;

describe.each(ENGINES)("Tink's vectors, %s", (engine) => {
  const groups = tinkVectors();

  // The sizes of the other groups are below our bounds. They are tested where the bounds are not: in the Rust core and,
  // through both engines, in tests/web_file.rs.
  for (const group of groups.filter(({ ciphertext_segment_size }) => ciphertext_segment_size >= S)) {
    test.each(group.tests)(`${group.name} $id`, async (vector) => {
      const key = Buffer.from(group.ikm_hex, 'hex');
      const segmentSize = group.ciphertext_segment_size;
      const associatedData = Buffer.from(vector.aad_hex, 'hex');
      const plaintext = tinkPlaintext(vector.plaintext_seed, vector.plaintext_len);
      expect(sha256(plaintext)).toBe(vector.plaintext_sha256);
      const header = Buffer.from(vector.header_hex, 'hex');
      const file = tinkBytes(tinkEncrypt(key, plaintext, { segmentSize, associatedData, header }));
      expect(sha256(file)).toBe(vector.ciphertext_sha256);

      const options = { segmentSize, associatedData, engine };
      expect(sha256(await collect(decryptStream(file, key, options)))).toBe(vector.plaintext_sha256);
      const part = await decryptRange(new Blob([new Uint8Array(file)]), key, vector.plaintext_len >> 1, vector.plaintext_len, options);
      expect(Buffer.compare(part, plaintext.subarray(vector.plaintext_len >> 1))).toBe(0);
      expect(encryptedSize(vector.plaintext_len, segmentSize)).toBe(vector.ciphertext_len);
      expect(decryptedSize(vector.ciphertext_len, segmentSize)).toBe(vector.plaintext_len);
    });
  }

  test('segment sizes outside the bounds are refused before any work', () => {
    for (const segmentSize of [57, 120, 128, 4095, (1 << 20) + 1]) {
      const options: StreamOptions = { segmentSize, engine };
      expect(codeOf(() => decryptStream(new Uint8Array(0), KEY, options))).toBe('INVALID_SEGMENT_SIZE');
    }
  });
});

/** The negative cases of the vectors, with segments of 4 KiB. `file` has four segments, the last of them not full. */
function negatives() {
  const options = { segmentSize: S, associatedData: Buffer.from('aad') };
  const plaintext = tinkPlaintext('negatives', 13_000);
  const { header, segments } = tinkEncrypt(KEY, plaintext, options);
  const [s0, s1, s2, s3] = segments as [Buffer, Buffer, Buffer, Buffer];
  const file = Buffer.concat([header, ...segments]);
  const otherHeader = Buffer.from(header);
  otherHeader[5]! ^= 1;
  const other = tinkEncrypt(KEY, plaintext, { ...options, header: otherHeader }).segments[1]!;
  const full = tinkBytes(tinkEncrypt(KEY, tinkPlaintext('full', 2 * S - 72), options));
  const seal = (length: number, index: number, last: boolean) => tinkSeal(KEY, tinkPlaintext('x', length), { ...options, index, last });
  const flip = (at: number, mask = 1) => {
    const copy = Buffer.from(file);
    copy[at < 0 ? copy.length + at : at]! ^= mask;
    return copy;
  };
  const cases: [name: string, code: 'TRUNCATED' | 'DECRYPT_FAILED', file: Buffer, associatedData?: Buffer][] = [
    ['empty file', 'TRUNCATED', Buffer.alloc(0)],
    ['header truncated', 'TRUNCATED', file.subarray(0, 39)],
    ['header only', 'TRUNCATED', file.subarray(0, 40)],
    ['header and 15 bytes', 'TRUNCATED', file.subarray(0, 55)],
    ['header and 16 bytes', 'DECRYPT_FAILED', file.subarray(0, 56)],
    ['one byte missing', 'DECRYPT_FAILED', file.subarray(0, -1)],
    ['last segment shorter than a tag', 'TRUNCATED', file.subarray(0, 3 * S + 15)],
    ['last segment missing', 'TRUNCATED', file.subarray(0, 3 * S)],
    ['all but the first segment missing', 'TRUNCATED', file.subarray(0, S)],
    ['one byte more', 'DECRYPT_FAILED', Buffer.concat([file, Buffer.alloc(1)])],
    ['last segment twice', 'DECRYPT_FAILED', Buffer.concat([file, s3])],
    ['header length flipped', 'DECRYPT_FAILED', flip(0)],
    ['salt flipped', 'DECRYPT_FAILED', flip(1)],
    ['nonce prefix flipped', 'DECRYPT_FAILED', flip(39, 0x80)],
    ['segment 0 flipped', 'DECRYPT_FAILED', flip(40)],
    ['last tag flipped', 'DECRYPT_FAILED', flip(-1)],
    ['segments swapped', 'DECRYPT_FAILED', Buffer.concat([header, s0, s2, s1, s3])],
    ['segment duplicated', 'DECRYPT_FAILED', Buffer.concat([header, s0, s1, s1, s2, s3])],
    ['segment dropped', 'DECRYPT_FAILED', Buffer.concat([header, s0, s2, s3])],
    ['segment of another file', 'DECRYPT_FAILED', Buffer.concat([header, s0, other, s2, s3])],
    ['other associated data', 'DECRYPT_FAILED', file, Buffer.from('aad!')],
    ['no associated data', 'DECRYPT_FAILED', file, Buffer.alloc(0)],
    ['last flag in the middle', 'DECRYPT_FAILED', Buffer.concat([header, s0, seal(S - 16, 1, true), s2, s3])],
    ['1 byte behind a full last segment', 'DECRYPT_FAILED', Buffer.concat([full, Buffer.alloc(1)])],
    ['17 bytes behind a full last segment', 'DECRYPT_FAILED', Buffer.concat([full, Buffer.alloc(17)])],
    ['a segment behind a full last segment', 'DECRYPT_FAILED', Buffer.concat([full, Buffer.alloc(S)])],
    ['no last flag', 'TRUNCATED', Buffer.concat([header, s0, s1, s2, seal(100, 3, false)])],
    ['counter starts at 1', 'DECRYPT_FAILED', tinkBytes(tinkEncrypt(KEY, plaintext, { ...options, firstIndex: 1 }))],
  ];
  return { cases, options };
}

describe.each(ENGINES)('files that must be refused, %s', (engine) => {
  const { cases, options } = negatives();

  test.each(cases)('%s: %s', async (_, code, file, associatedData = options.associatedData) => {
    const given = { segmentSize: S, associatedData, engine };
    expect(await codeOfAsync(collect(decryptStream(file, KEY, given)))).toBe(code);
    expect(await codeOfAsync(collect(decryptStream(new Blob([new Uint8Array(file)]), KEY, given)))).toBe(code);
  });

  test('an empty last segment behind a full one: nobody writes it, Tink reads it, so do we', async () => {
    const { header, segments } = tinkEncrypt(KEY, tinkPlaintext('y', S - 55), options);
    const empty = tinkSeal(KEY, Buffer.alloc(0), { ...options, index: 1, last: true });
    const file = Buffer.concat([header, segments[0]!, empty]);
    const plaintext = await collect(decryptStream(file, KEY, { ...options, engine }));
    expect(Buffer.compare(plaintext, tinkPlaintext('y', S - 56))).toBe(0);
  });
});

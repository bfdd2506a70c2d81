import { describe, expect, test } from 'vitest';

import { blobSink } from '../../js/room/index.js';
import { codeOf, codeOfAsync } from './helpers.js';
import { pattern } from './streams.js';

const unknown = { name: 'a.bin', mime: 'application/x-test', size: undefined };

describe('a file in memory', () => {
  // Below, at and above what is gathered before it becomes a Blob.
  test.each([0, 1, 4 * 2 ** 20, 4 * 2 ** 20 + 1, 9_000_001])('of %i bytes is what was written, as often as it is asked for', async (size) => {
    const bytes = pattern(size);
    const sink = blobSink(unknown);
    for (let at = 0; at < size; at += 262_128) await sink.write(bytes.subarray(at, at + 262_128));
    await sink.close();
    for (const file of [await sink.file!(), await sink.file!()]) {
      expect([(file as File).name, file.type, file.size]).toEqual(['a.bin', 'application/x-test', size]);
      expect(Buffer.compare(new Uint8Array(await file.arrayBuffer()), bytes)).toBe(0);
    }
  });

  test('has a limit, told at once where the size is known', async () => {
    expect(codeOf(() => blobSink({ ...unknown, size: 11 }, 10))).toBe('SINK_TOO_LARGE');
    expect(codeOf(() => blobSink({ ...unknown, size: 256 * 2 ** 20 + 1 }, Infinity))).toBe('SINK_TOO_LARGE');
    const sink = blobSink(unknown, 10);
    await sink.write(new Uint8Array(10));
    expect(await codeOfAsync(sink.write(new Uint8Array(1)))).toBe('SINK_TOO_LARGE');
  });
});

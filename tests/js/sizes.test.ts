import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { excess, LIMITS, sizeOf } from '../../scripts/lib/sizes.mjs';

const wasm = fileURLToPath(new URL('../../js/gen/room/module.wasm', import.meta.url));

test('a file above its limit fails the build, and so does one that is missing', () => {
  const size = sizeOf('room.wasm', new TextEncoder().encode('hushroom '.repeat(1000)));
  expect(size.raw).toBe(9000);
  expect(size.brotli).toBeLessThan(size.gzip);
  expect(excess([size], { 'room.wasm': size.brotli })).toEqual([]);
  expect(excess([size], { 'room.wasm': size.brotli - 1 })).toEqual([
    `room.wasm is ${size.brotli} bytes with brotli, above its limit of ${size.brotli - 1} (scripts/lib/sizes.mjs)`,
  ]);
  expect(excess([size], { 'core.wasm': 1_000_000 })).toEqual(['core.wasm has a size limit and was not built']);
});

test('both entries and their wasm have a limit, and the wasm tested here keeps it', () => {
  expect(Object.keys(LIMITS)).toEqual(['index.js', 'core.wasm', 'room.js', 'room.wasm']);
  expect(existsSync(wasm)).toBe(true);
  const size = sizeOf('room.wasm', readFileSync(wasm));
  expect(excess([size], { 'room.wasm': LIMITS['room.wasm'] })).toEqual([]);
});

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { excess, LIMITS, PARTS, partName, sizeOf, sizeOfPart } from '../../scripts/lib/sizes.mjs';

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

test('entries and their wasm have a limit, and the wasm tested here keeps it', () => {
  expect(Object.keys(LIMITS)).toEqual(['index.js', 'core.wasm', 'room.js', 'room.wasm', 'react.js', 'vue.js']);
  expect(existsSync(wasm)).toBe(true);
  const size = sizeOf('room.wasm', readFileSync(wasm));
  expect(excess([size], { 'room.wasm': LIMITS['room.wasm'] })).toEqual([]);
});

test('a page that only reads share codes, or only looks at errors, keeps its limit', async () => {
  expect(PARTS.map(partName)).toContain('{ parseShareCode, shareLink, generateShareCode } of index.js');
  expect(PARTS.map(partName)).toContain('{ isHushError } of index.js');
  for (const part of PARTS) {
    const size = await sizeOfPart(part);
    expect(size.raw).toBeGreaterThan(100);
    expect(excess([size], { [size.name]: part.limit })).toEqual([]);
    expect(excess([size], { [size.name]: part.limit / 2 })).toHaveLength(1);
  }
});

test('a name that an entry does not have is no small bundle', async () => {
  await expect(sizeOfPart({ names: 'isHushErrors', from: 'index.js' })).rejects.toThrow('No matching export');
});

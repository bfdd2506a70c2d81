// A long file through one candidate, in a process or page that has done nothing else: how long its first byte takes from
// nothing, how long it keeps the thread, how fast it is. Runs in Node and in pages.

import { MIB } from '../lib/stats.mjs';
import { CANDIDATES } from './candidates.mjs';

/**
 * @param {string} name - Of the candidate.
 * @param {() => Promise<any>} load - The package.
 * @param {Blob} file
 * @param {() => { reset(): void, longestMs(): number }} watch - Begins to watch the thread.
 */
export async function soak(name, load, file, watch) {
  const candidate = CANDIDATES[name];
  if (candidate === undefined) throw new Error(`no such candidate: ${name}`);
  const watched = watch();
  const start = performance.now();
  const { encrypt } = await candidate.make(load);
  let firstMs = NaN;
  await encrypt(file.slice(0, MIB), (piece) => {
    // Not a header.
    if (Number.isNaN(firstMs) && piece.length > 1024) firstMs = performance.now() - start;
  });
  await pause();
  const startMs = watched.longestMs();
  watched.reset();
  const bytes = Math.max(MIB, Math.ceil((file.size / MIB) * candidate.share) * MIB);
  let length = 0;
  const from = performance.now();
  await encrypt(bytes === file.size ? file : file.slice(0, bytes), (piece) => (length += piece.length));
  const seconds = (performance.now() - from) / 1000;
  // What kept the thread at the very end is seen when it is free again.
  await pause();
  if (length < bytes) throw new Error(`${name} gave ${length} of ${bytes} bytes`);
  return { bytes, rate: bytes / MIB / seconds, firstMs, startMs, longestMs: watched.longestMs() };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

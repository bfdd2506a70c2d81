// Memory of other processes. Linux only; elsewhere all figures are NaN.

import { readFileSync, writeFileSync } from 'node:fs';

/** Bytes of memory that process `pid` has now, and at the highest. @param {number | undefined} pid */
export function memoryOf(pid) {
  return { now: field(pid, 'VmRSS'), peak: field(pid, 'VmHWM') };
}

/** Forgets the highest so far. @param {number} pid */
export function resetPeak(pid) {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Then the highest ever counts: too much rather than too little.
  }
}

/** @param {number | undefined} pid @param {string} name */
function field(pid, name) {
  try {
    return 1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return NaN;
  }
}

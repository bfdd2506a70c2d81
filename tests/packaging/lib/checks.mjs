// What consumers assert of what their bundlers make.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Every file below a folder, but not in `node_modules`. @param {string} folder @returns {string[]} */
export function filesBelow(folder) {
  return readdirSync(folder)
    .filter((name) => name !== 'node_modules')
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? filesBelow(path) : [path]));
}

/** The JavaScript below a folder. @param {string} folder */
export const scriptsBelow = (folder) => filesBelow(folder).filter((name) => /\.[cm]?js$/.test(name));

/** How often the package's wasm, which begins like this, stands in the JavaScript below a folder. @param {string} folder */
export function inlinedWasms(folder) {
  const begin = /["'`]0061736d01000000/g;
  return scriptsBelow(folder).reduce((total, path) => total + (readFileSync(path, 'utf8').match(begin)?.length ?? 0), 0);
}

/** Bytes of the JavaScript below a folder, compressed as a server would. @param {string} folder */
export const gzipBytes = (folder) =>
  scriptsBelow(folder).reduce((total, path) => total + gzipSync(readFileSync(path), { level: 9 }).length, 0);

/** @param {number} bytes */
export const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

/**
 * Fails if a tool has warned.
 *
 * @param {string} output
 * @param {...RegExp} except - Lines that are known and not ours; say why where they are.
 * @returns {string} The same.
 */
export function withoutWarnings(output, ...except) {
  const lines = output.split('\n').filter((line) => /\b(warn(ing)?s?|deprecat\w*|error)\b|\(!\)|▲|⚠/i.test(line));
  // Counts of none are no warnings.
  const found = lines.filter((line) => !/\b(0|no) (warning|error)s?\b/i.test(line) && !except.some((each) => each.test(line)));
  if (found.length > 0) throw new Error(`a tool has warned: ${found.join('\n')}\n\nin:\n${output}`);
  return output;
}

/** What the page shows that only reads a share code. */
const ROOM_ID = 'V1StGXR8_Z5jdHi6B-myT';
/** What isHushError weighs at most, with all that a bundler adds to a page. */
const GUARD_LIMIT_BYTES = 2_000;

/**
 * The two pages that each bundler's project has besides: `guard`, which imports `isHushError` only, must come without wasm; `code`, which imports
 * `parseShareCode` only, with one, and is weighed.
 *
 * @param {import('./project.mjs').Project} project
 * @param {(entry: string, out: string) => Promise<void>} build - Builds the folder into another one, ready to be served.
 * @returns {Promise<string>} A note.
 */
export async function checkSmallPages(project, build) {
  const folder = (/** @type {string} */ name) => join(project.folder, name);
  await build('guard', 'dist-guard');
  assert.equal(await project.page(await project.serve('dist-guard')), 'false', 'the page with isHushError only');
  assert.equal(inlinedWasms(folder('dist-guard')) + project.wasmFiles('dist-guard'), 0, 'wasm of the page with isHushError only');
  const guard = gzipBytes(folder('dist-guard'));
  assert(guard < GUARD_LIMIT_BYTES, `the page with isHushError only has ${guard} bytes`);

  await build('code', 'dist-code');
  assert.equal(await project.page(await project.serve('dist-code')), ROOM_ID, 'the page with parseShareCode only');
  assert.equal(inlinedWasms(folder('dist-code')), 1, 'wasm of the page with parseShareCode only');
  assert.equal(project.wasmFiles('dist-code'), 0, 'wasm files of the page with parseShareCode only');
  return `parseShareCode only: ${kilobytes(gzipBytes(folder('dist-code')))} gzip; isHushError only: ${guard} B`;
}

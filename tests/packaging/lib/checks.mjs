// What consumers assert of what their bundlers make.

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

// Skipping work whose inputs have not changed. Goes by content: a checkout or a copy changes times, not content.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { at } from './run.mjs';

/** Folders below an input that hold results, not inputs. */
const IGNORED = new Set(['node_modules', 'dist', 'target', 'gen']);

/**
 * Every file below the given files and folders, sorted. Those that do not exist are passed over.
 *
 * @param {string[]} paths
 * @returns {string[]}
 */
function filesBelow(paths) {
  const files = paths
    .filter((path) => existsSync(path))
    .flatMap((path) => {
      if (statSync(path).isFile()) return [path];
      const names = readdirSync(path).filter((name) => !IGNORED.has(name));
      return filesBelow(names.map((name) => join(path, name)));
    });
  return files.sort();
}

/** SHA-256 over the names and contents of the files below `paths`. @param {string[]} paths */
function hashOf(paths) {
  const hash = createHash('sha256');
  for (const file of filesBelow(paths)) {
    const content = readFileSync(file);
    hash.update(`${relative(at(), file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/**
 * Runs `work` unless its last run had the same inputs and its outputs are still there.
 *
 * @param {string} name - What is built, for the log and for the stamp's file.
 * @param {{ inputs: string[], built?: string[], outputs: string[] }} what - `built`: results of earlier steps, by their
 * names in the checkout, that are inputs here.
 * @param {() => unknown} work
 */
export async function unlessFresh(name, { inputs, built = [], outputs }, work) {
  const stamp = at('.tools/stamps', name);
  const results = built.flatMap((folder) => readdirSync(at(folder)).map((file) => at(folder, file)));
  const hash = hashOf([...inputs, ...results]);
  if (outputs.every((path) => existsSync(path)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) {
    console.log(`${name}: up to date`);
    return;
  }
  const start = performance.now();
  await work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
  console.log(`${name}: built in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

// A consumer's project as its user would have it: a folder far from this tree, and what npm installs there.

import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { at } from '../../../scripts/lib/run.mjs';
import { pack } from '../../../scripts/lib/www.mjs';
import { run } from './processes.mjs';

const INSTALL = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--loglevel', 'error'];
/** Not part of a project: the runner's own, and what earlier builds have left in an example. */
const LEFT_OUT = new Set(['node_modules', 'consumer.mjs', 'dist', '.next', '.nuxt', '.output', '.svelte-kit', '.parcel-cache']);
/** Caches inside `node_modules` that would outlive a change of the package. */
const CACHES = ['.vite', '.vite-temp', '.cache'];
/** A tarball that no run needs any more. */
const OLD_MS = 3_600_000;
const STAMP = 'node_modules/.hushroom-installed';

/**
 * Where projects live: outside of this tree, in whose `node_modules` everything would find what it has forgotten to depend on. One for each
 * checkout, kept between runs.
 */
export function workFolder() {
  const folder = join(tmpdir(), `hushroom-packaging-${sha256(at()).slice(0, 12)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid } = lstatSync(folder);
  if (process.getuid !== undefined && uid !== process.getuid()) throw new Error(`${folder} belongs to somebody else`);
  return folder;
}

/**
 * Packs the package as `npm run build` has left it.
 *
 * @param {string} work
 * @returns {Promise<string>} The tarball.
 * @throws When something that it should export was not built.
 */
export async function packTarball(work) {
  const { exports } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  const missing = targets(exports).filter((path) => !existsSync(at(path)));
  if (missing.length > 0) throw new Error(`${missing[0]} is not built (${missing.length} in all): run npm run build`);
  // In a folder of its own: another run may be at it.
  const folder = mkdtempSync(join(work, 'pack-'));
  try {
    return copyTarball(await pack(folder), work);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Puts a packed package beside the projects.
 *
 * @param {string} packed
 * @param {string} work
 * @returns {string} The copy. Its name has its hash, since npm takes a file of the same name for the same package.
 */
export function copyTarball(packed, work) {
  const tarball = join(work, `hushroom-${sha256(readFileSync(packed)).slice(0, 12)}.tgz`);
  for (const name of readdirSync(work)) {
    const old = join(work, name);
    if (name.endsWith('.tgz') && old !== tarball && Date.now() - lstatSync(old).mtimeMs > OLD_MS) rmSync(old);
  }
  copyFileSync(packed, tarball);
  return tarball;
}

/** @param {unknown} value @returns {string[]} */
const targets = (value) => (typeof value === 'string' ? [value] : Object.values(/** @type {object} */ (value)).flatMap(targets));

/**
 * Copies a project and installs what it depends on, the package from its tarball. What was installed for the same dependencies is kept.
 *
 * @param {string} source
 * @param {string} folder
 * @param {string} tarball
 * @param {NodeJS.ProcessEnv} env
 */
export async function prepare(source, folder, tarball, env) {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (name !== 'node_modules') rmSync(join(folder, name), { recursive: true, force: true });
  cpSync(source, folder, { recursive: true, filter: (path) => path === source || !LEFT_OUT.has(basename(path)) });
  const exercise = readFileSync(at('tests/packaging/exercise.mjs'), 'utf8');
  writeFileSync(join(folder, 'exercise.mjs'), exercise);
  writeFileSync(join(folder, 'exercise.cjs'), exercise.replace('export async function exercise', 'exports.exercise = exercise;\nasync function exercise'));

  const path = join(folder, 'package.json');
  // A plain page has none.
  if (!existsSync(path)) return;
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  manifest.dependencies = { ...manifest.dependencies, hushroom: `file:../${basename(tarball)}` };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  writeFileSync(path, text);

  const stamp = join(folder, STAMP);
  const wanted = sha256(`${process.version}\n${text}`);
  for (const name of CACHES) rmSync(join(folder, 'node_modules', name), { recursive: true, force: true });
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(stamp, { force: true });
  await run('npm', INSTALL, { cwd: folder, env });
  writeFileSync(stamp, wanted);
}

/** @param {string | Uint8Array} data */
const sha256 = (data) => createHash('sha256').update(data).digest('hex');

import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';

import { checkSmallPages, inlinedWasms, withoutWarnings } from '../lib/checks.mjs';

export const title = 'esbuild: build, splitting, slim entries';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  const esbuild = async (/** @type {string[]} */ entries, /** @type {string} */ out, /** @type {string[]} */ ...more) => {
    // Without its list of sizes, which points out every file above 1 MB.
    const args = ['--bundle', '--minify', '--format=esm', `--outdir=${out}`, '--log-level=warning', ...more];
    withoutWarnings(await project.run('esbuild', [...entries, ...args]));
    cpSync(join(project.folder, 'public'), join(project.folder, out), { recursive: true });
  };
  const wasms = (/** @type {string} */ out) => [project.wasmFiles(out), inlinedWasms(join(project.folder, out))];

  await esbuild(['src/main.js'], 'dist');
  assert.deepEqual(wasms('dist'), [0, 2], 'wasm files, wasm in JavaScript');
  assert.equal(await project.page(await project.serve('dist')), 'works');

  // Two pages and a dynamic import: still one of each.
  await esbuild(['src/split.js', 'src/other.js'], 'dist-split', '--splitting');
  assert.deepEqual(wasms('dist-split'), [0, 2], 'wasm files, wasm in JavaScript, split');
  assert.equal(await project.page(`${await project.serve('dist-split')}split.html`), 'works', 'split');

  await esbuild(['src/people.js'], 'dist-people');
  assert.deepEqual(wasms('dist-people'), [0, 1], 'wasm files, wasm in JavaScript of entries that share it');
  assert.equal(await project.page(`${await project.serve('dist-people')}people.html`), 'hush1, directory: false');

  await esbuild(['src/slim.js'], 'dist-slim', '--loader:.wasm=file');
  assert.deepEqual(wasms('dist-slim'), [2, 0], 'wasm files, wasm in JavaScript of the slim entries');
  assert.equal(await project.page(`${await project.serve('dist-slim')}slim.html`), 'works', 'slim');

  return checkSmallPages(project, (entry, out) => esbuild([`${entry}/main.js`], out));
}

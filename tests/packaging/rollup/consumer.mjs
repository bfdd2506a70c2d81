import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';

import { checkSmallPages, inlinedWasms, withoutWarnings } from '../lib/checks.mjs';

export const title = 'Rollup with nothing but node-resolve';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  const build = async (/** @type {string} */ entry, /** @type {string} */ out) => {
    withoutWarnings(await project.run('rollup', ['-i', `${entry}/main.js`, '-f', 'es', '-o', `${out}/main.js`, '-p', 'node-resolve']));
    cpSync(join(project.folder, 'public/index.html'), join(project.folder, out, 'index.html'));
  };
  await build('src', 'dist');
  assert.equal(project.wasmFiles('dist'), 0, 'wasm files');
  assert.equal(inlinedWasms(join(project.folder, 'dist')), 2, 'wasm in JavaScript');
  assert.equal(await project.page(await project.serve('dist')), 'works');
  return `${await checkSmallPages(project, build)}, not minified`;
}

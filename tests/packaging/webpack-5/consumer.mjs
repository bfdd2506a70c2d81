import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';

import { checkSmallPages, inlinedWasms, withoutWarnings } from '../lib/checks.mjs';

export const title = 'webpack 5: build, module worker, slim entries';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  const build = async (/** @type {string} */ entry, /** @type {string} */ out) => {
    withoutWarnings(await project.run('webpack', ['--env', `entry=./${entry}/main.js`, '--env', `out=./${out}`]));
    cpSync(join(project.folder, 'public/index.html'), join(project.folder, out, 'index.html'));
  };
  await build('src', 'dist');
  assert.equal(project.wasmFiles('dist'), 0, 'wasm files');
  // Two entries of the package, on the page and in the worker: the worker has code of its own.
  assert.equal(inlinedWasms(join(project.folder, 'dist')), 4, 'wasm in JavaScript');
  assert.equal(await project.page(await project.serve('dist')), 'works, works');

  await build('slim', 'dist-slim');
  assert.equal(project.wasmFiles('dist-slim'), 2, 'wasm files of the slim entries');
  assert.equal(inlinedWasms(join(project.folder, 'dist-slim')), 0, 'wasm in JavaScript of the slim entries');
  assert.equal(await project.page(await project.serve('dist-slim')), 'works', 'slim');
  return checkSmallPages(project, build);
}

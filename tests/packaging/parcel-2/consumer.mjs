import assert from 'node:assert/strict';
import { join } from 'node:path';

import { checkSmallPages, inlinedWasms, withoutWarnings } from '../lib/checks.mjs';

export const title = 'Parcel 2: build, module worker, slim entries';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  const build = async (/** @type {string} */ folder, /** @type {string} */ out) => {
    const args = [join(folder, 'index.html'), '--dist-dir', out, '--public-url', './', '--no-source-maps'];
    // Its list of files points out those above 1 MB.
    withoutWarnings(await project.run('parcel', ['build', ...args]), /\.js +⚠/);
  };
  await build('.', 'dist');
  assert.equal(project.wasmFiles('dist'), 0, 'wasm files');
  // Two entries of the package, on the page and in the worker.
  assert.equal(inlinedWasms(join(project.folder, 'dist')), 4, 'wasm in JavaScript');
  assert.equal(await project.page(await project.serve('dist')), 'works, works');

  await build('slim', 'dist-slim');
  assert.equal(project.wasmFiles('dist-slim'), 2, 'wasm files of the slim entries');
  assert.equal(inlinedWasms(join(project.folder, 'dist-slim')), 0, 'wasm in JavaScript of the slim entries');
  assert.equal(await project.page(await project.serve('dist-slim')), 'works', 'slim');
  return checkSmallPages(project, build);
}

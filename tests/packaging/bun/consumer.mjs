import assert from 'node:assert/strict';

import { inlinedWasms } from '../lib/checks.mjs';

export const title = 'Bun, ESM and CommonJS, and its bundler';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  const run = (/** @type {string} */ file) => project.run('bun', [file, project.relay]);
  assert.equal(await run('app.mjs'), 'works\n');
  assert.equal(await run('app.cjs'), 'works\n');
  assert.equal(await run('slim.mjs'), 'works\n');
  await project.run('bun', ['build', 'app.mjs', '--target=bun', '--outdir=out']);
  assert.equal(project.wasmFiles('out'), 0);
  assert.equal(inlinedWasms(`${project.folder}/out`), 2);
  assert.equal(await run('out/app.js'), 'works\n');
  return `Bun ${(await project.run('bun', ['--version'])).trim()}`;
}

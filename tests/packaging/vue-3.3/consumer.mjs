import assert from 'node:assert/strict';
import { join } from 'node:path';

import { inlinedWasms, withoutWarnings } from '../lib/checks.mjs';

export const title = 'Vue 3.3, the oldest that works: page, server, types';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  withoutWarnings(await project.run('vue-tsc', []));
  assert.equal(withoutWarnings(await project.run('node', ['ssr.mjs'])).trim(), 'works');
  withoutWarnings(await project.run('vite', ['build']));
  assert.equal(project.wasmFiles('dist'), 0);
  assert.equal(inlinedWasms(join(project.folder, 'dist')), 1);
  const csp = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src ws:";
  assert.equal(await project.page(await project.serve('dist', { csp })), 'works');
}

import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';

import { inlinedWasms, withoutWarnings } from '../lib/checks.mjs';

export const title = 'esbuild';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  const args = ['src/main.js', '--bundle', '--minify', '--format=esm', '--outdir=site/out', '--log-level=warning'];
  withoutWarnings(await project.run('esbuild', args));
  cpSync(join(project.folder, 'index.html'), join(project.folder, 'site/index.html'));
  assert.equal(project.wasmFiles('site'), 0);
  assert.equal(inlinedWasms(join(project.folder, 'site')), 2);
  assert.equal(await project.page(await project.serve('site')), 'works');
}

import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';

import { inlinedWasms, withoutWarnings } from '../lib/checks.mjs';

export const title = 'workers: classic, module, shared';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  const bundle = async (/** @type {string} */ source, /** @type {string} */ name, /** @type {string} */ format) => {
    const out = `dist/${name}.js`;
    withoutWarnings(await project.run('esbuild', [source, '--bundle', '--minify', `--format=${format}`, `--outfile=${out}`, '--log-level=warning']));
  };
  await bundle('src/dedicated.js', 'classic', 'iife');
  await bundle('src/dedicated.js', 'module', 'esm');
  await bundle('src/shared.js', 'shared', 'esm');
  cpSync(join(project.folder, 'public'), join(project.folder, 'dist'), { recursive: true });
  assert.equal(project.wasmFiles('dist'), 0, 'wasm files');
  assert.equal(inlinedWasms(join(project.folder, 'dist')), 6, 'wasm in JavaScript: two entries in each of three workers');

  // A worker has the policy it was served with.
  const csp = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src ${new URL(project.relay).origin}; img-src data:`;
  const address = await project.serve('dist', { csp });
  for (const kind of ['classic', 'module', 'shared']) assert.equal(await project.page(`${address}?kind=${kind}`), 'works', kind);
}

// What all projects with Vite have in common.

import assert from 'node:assert/strict';
import { join } from 'node:path';

import { checkSmallPages, filesBelow, inlinedWasms, withoutWarnings } from './checks.mjs';

/**
 * A project whose page shows what the exercise gives on the page and in a worker, on the development server and built; and the pages that
 * import next to nothing.
 *
 * @param {import('./project.mjs').Project} project
 */
export async function checkVite(project) {
  const ready = /Local:\s+(http:\S+)/;
  const server = await project.start('vite', ['--host', '127.0.0.1', '--port', '0'], { ready });
  assert.equal(await project.page(server.url), 'works, works', 'on the development server');
  withoutWarnings(server.output());
  assert.equal(project.wasmFiles('node_modules/.vite'), 0, 'wasm files of the development server');
  await server.stop();

  const build = async (/** @type {string} */ root, /** @type {string} */ out) => {
    const config = filesBelow(project.folder).find((path) => /vite\.config\.[jt]s$/.test(path)) ?? '';
    withoutWarnings(await project.run('vite', ['build', root, '--config', config, '--outDir', join(project.folder, out), '--emptyOutDir']));
  };
  await build('.', 'dist');
  assert.equal(project.wasmFiles('dist'), 0, 'wasm files');
  // Two entries of the package, on the page and in the worker, which share no code.
  assert.equal(inlinedWasms(join(project.folder, 'dist')), 4, 'wasm in JavaScript');
  assert.equal(await project.page(await project.serve('dist')), 'works, works', 'built');
  return checkSmallPages(project, build);
}

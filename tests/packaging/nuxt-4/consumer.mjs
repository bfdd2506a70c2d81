import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';

import { withoutWarnings } from '../lib/checks.mjs';

export const title = 'Nuxt 4: server route, rendered and hydrated page';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  // Nuxt has two halves, and does not find on its server what lies outside of them.
  for (const half of ['app', 'server']) copyFileSync(join(project.folder, 'exercise.mjs'), join(project.folder, half, 'exercise.mjs'));
  const dev = await project.start('nuxt', ['dev', '--port', '0', '--host', '127.0.0.1'], { ready: /Local:\s+(http:\S+)/, timeoutMs: 180_000 });
  await use(project, dev.url);
  await dev.stop();
  // Nuxt's own: a plugin of it, and pages for errors in the list of what was built.
  withoutWarnings(await project.run('nuxt', ['build'], { timeoutMs: 600_000 }), /nuxt:module-preload-polyfill/, /error-\d+.*\.(mjs|css) /);
  assert.equal(project.wasmFiles('.output'), 0);
  const { url } = await project.start('node', ['.output/server/index.mjs'], { ready: /Listening on (http:\S+)/, env: { PORT: '0', HOST: '127.0.0.1' } });
  await use(project, url);
}

/** @param {import('../lib/project.mjs').Project} project @param {string} url */
async function use(project, url) {
  const html = await (await fetch(url)).text();
  assert.match(html, /<p id="rendered">V1StGXR8_Z5jdHi6B-myT<\/p>/);
  // Nothing is opened on a server.
  assert.match(html, /<p id="status">connecting<\/p>/);
  assert.equal(await project.page(url), 'server works, client works, room open');
}

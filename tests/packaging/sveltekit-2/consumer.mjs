import assert from 'node:assert/strict';

import { withoutWarnings } from '../lib/checks.mjs';

export const title = 'SvelteKit 2 (Vite 7): server load, rendered and hydrated page';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  const dev = await project.start('vite', ['dev', '--port', '0', '--host', '127.0.0.1'], { ready: /Local:\s+(http:\S+)/, timeoutMs: 120_000 });
  await use(project, dev.url);
  await dev.stop();
  // Except: the page for errors, in the list of what was built.
  withoutWarnings(await project.run('vite', ['build']), /error\.svelte\.js /);
  // No wasm file anywhere: the server's code and the browser's have it inside.
  assert.equal(project.wasmFiles('build'), 0);
  const { url } = await project.start('node', ['build'], { ready: /Listening on (http:\S+)/, env: { PORT: '0', HOST: '127.0.0.1' } });
  await use(project, url);
}

/** @param {import('../lib/project.mjs').Project} project @param {string} url */
async function use(project, url) {
  assert.match(await (await fetch(url)).text(), /<p id="rendered">V1StGXR8_Z5jdHi6B-myT<\/p>/);
  assert.equal(await project.page(url), 'server works, client works');
}

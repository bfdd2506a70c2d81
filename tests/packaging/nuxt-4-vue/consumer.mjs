import assert from 'node:assert/strict';

import { withoutWarnings } from '../lib/checks.mjs';

export const title = 'Nuxt 4 with hushroom/vue: rendered, hydrated, left with the page';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  // A plugin of Nuxt's own, of which its bundler complains in every project; and files that are called error-404 and error-500.
  const known = [/plugin nuxt:module-preload-polyfill\] Sourcemap/, /\berror-\d{3}/];
  withoutWarnings(await project.run('nuxt', ['build'], { timeoutMs: 600_000 }), ...known);
  const env = { PORT: '0', HOST: '127.0.0.1' };
  const { url } = await project.start('node', ['.output/server/index.mjs'], { ready: /Listening on (http:\S+)/, env });
  for (let count = 0; count < 2; count += 1) assert.match(await (await fetch(url)).text(), /<p id="status">connecting<\/p>/);
  assert.equal(await project.page(url), 'Ada met Grace, you said: hello Ada');
}

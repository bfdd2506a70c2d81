import assert from 'node:assert/strict';

export const title = 'Deno 2';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  // What it may do: reach the relay, read the package, and ask for the environment (so does `ws`).
  const run = (/** @type {string} */ file) =>
    project.run('deno', ['run', '--quiet', '--no-prompt', '--node-modules-dir=manual', '--allow-net=127.0.0.1,localhost', '--allow-read', '--allow-env', file, project.relay]);
  assert.equal(await run('app.mjs'), 'works\n');
  assert.equal(await run('slim.mjs'), 'works\n');
  return (await project.run('deno', ['--version'])).split('\n')[0];
}

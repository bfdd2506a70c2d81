import assert from 'node:assert/strict';

export const title = 'Node, worker threads';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  assert.equal(await project.run('node', ['app.js', project.relay]), 'works works\n');
}

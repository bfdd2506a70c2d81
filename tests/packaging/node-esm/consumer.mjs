import assert from 'node:assert/strict';

import { nodesOf } from '../lib/nodes.mjs';

export const title = 'Node, ES modules';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  const { paths, note } = await nodesOf(project);
  for (const node of paths) {
    const run = (/** @type {string[]} */ ...args) => project.run(node, ['--import', './count-wasm.mjs', ...args, project.relay]);
    assert.equal(await run('imports.mjs'), 'nothing changed\nwasm 0 0\n');
    assert.equal(await run('app.mjs'), 'works\nwasm 2 2\n');
    assert.equal(await run('slim.mjs'), 'works\nwasm 1 1\n');
    assert.equal(await run('together.mjs'), 'true\nwasm 1 1\n');
  }
  return note;
}

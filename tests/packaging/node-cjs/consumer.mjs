import assert from 'node:assert/strict';

import { at } from '../../../scripts/lib/run.mjs';
import { nodesOf } from '../lib/nodes.mjs';

export const title = 'Node, CommonJS';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  const { paths, note } = await nodesOf(project);
  for (const node of paths) {
    // With `require` of ES modules there is one instance of the package; without, `require` has a file of its own.
    for (const [flag, which] of [['--experimental-require-module', 'index.js same'], ['--no-experimental-require-module', 'index.cjs other']]) {
      const flags = [String(flag), '--import', at('tests/packaging/node-esm/count-wasm.mjs')];
      const run = (/** @type {string} */ file) => project.run(node, [...flags, file, project.relay]);
      assert.equal(await run('imports.js'), 'nothing changed\nwasm 0 0\n');
      assert.equal(await run('which.js'), `${which}\nwasm 0 0\n`);
      assert.equal(await run('app.js'), 'works\nwasm 2 2\n');
    }
    // The default of Node 20.19 and later is the former, without a word about it.
    assert.equal(await project.run(node, ['which.js']), 'index.js same\n');
  }
  return note;
}

import assert from 'node:assert/strict';

import { withoutWarnings } from '../lib/checks.mjs';

export const title = 'Vitest 4, in Node and happy-dom';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  const output = withoutWarnings(await project.run('vitest', ['run'], { env: { RELAY: project.relay } }));
  assert.match(output, /Tests +3 passed \(3\)/);
}

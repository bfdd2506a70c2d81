import assert from 'node:assert/strict';

import { withoutWarnings } from '../lib/checks.mjs';

export const title = 'Jest 30, CommonJS';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  // Jest says so itself when something is left open.
  const output = withoutWarnings(await project.run('jest', ['--ci', '--detectOpenHandles'], { env: { RELAY: project.relay } }), /✓|PASS/);
  assert.match(output, /Tests: +3 passed, 3 total/);
  assert.doesNotMatch(output, /did not exit|open handle/);
}

import { checkUnbundled } from '../lib/mv3.mjs';

export const title = 'Manifest V3 page, unbundled';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  await checkUnbundled(project, ['result.html', 'result.js']);
}

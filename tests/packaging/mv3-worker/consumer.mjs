import { checkUnbundled } from '../lib/mv3.mjs';

export const title = 'Manifest V3 service worker, unbundled';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  await checkUnbundled(project, ['worker.js', 'result.html', 'result.js']);
}

import { withoutWarnings } from '../lib/checks.mjs';
import { checkVite } from '../lib/vite.mjs';

export const title = 'Vite 8 with React: dev server, build, module worker';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  withoutWarnings(await project.run('tsc', []));
  return checkVite(project);
}

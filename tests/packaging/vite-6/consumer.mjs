import { checkVite } from '../lib/vite.mjs';

export const title = 'Vite 6: dev server, build, module worker';

/** @param {import('../lib/project.mjs').Project} project */
export const check = (project) => checkVite(project);

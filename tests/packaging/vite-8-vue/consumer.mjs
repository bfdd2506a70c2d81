import { checkVite } from '../lib/vite.mjs';

export const title = 'Vite 8 with Vue: dev server, build, ?worker';

/** @param {import('../lib/project.mjs').Project} project */
export const check = (project) => checkVite(project);

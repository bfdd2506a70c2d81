// The versions of Node that a project is run with.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The Node that runs us, and those that the project has from npm, as optional dependencies `node-20`, `node-22` and so on: there are none
 * for some platforms, and `versions` says which were used.
 *
 * @param {import('./project.mjs').Project} project
 * @returns {Promise<{ paths: string[], versions: string[], note: string }>} Programs, and what they call themselves.
 */
export async function nodesOf(project) {
  const installed = ['node-20', 'node-22', 'node-24', 'node-26'].map((name) => join(project.folder, 'node_modules', name, 'bin/node'));
  const paths = [...installed.filter((path) => existsSync(path)), process.execPath];
  const versions = [];
  for (const path of paths) versions.push((await project.run(path, ['--version'])).trim().slice(1));
  return { paths, versions, note: `Node ${versions.join(', ')}` };
}

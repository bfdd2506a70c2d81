import { withoutWarnings } from '../lib/checks.mjs';

export const title = 'React 18: types, Strict Mode, hydration; plain Node';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  await project.run('tsc', []);
  withoutWarnings(await project.run('vitest', ['run'], { env: { RELAY: project.relay } }));
  // Both formats in plain Node, and nothing of it runs at import.
  await project.run('node', ['--input-type=module', '--eval', "import { RoomProvider } from 'hushroom/react'; if (typeof RoomProvider !== 'function') throw new Error()"]);
  await project.run('node', ['--input-type=commonjs', '--eval', "if (typeof require('hushroom/react').RoomProvider !== 'function') throw new Error()"]);
}

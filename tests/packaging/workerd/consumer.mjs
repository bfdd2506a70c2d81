import assert from 'node:assert/strict';
import { join } from 'node:path';

import { inlinedWasms, withoutWarnings } from '../lib/checks.mjs';

export const title = 'Cloudflare Workers (wrangler 4, workerd)';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  withoutWarnings(await project.run('wrangler', ['deploy', '--dry-run', '--outdir', 'out']), /update available/);
  assert.equal(project.wasmFiles('out'), 2, 'one of each entry');
  assert.equal(inlinedWasms(join(project.folder, 'out')), 0);
  const { url } = await project.start('wrangler', ['dev', '--port', '0', '--ip', '127.0.0.1'], { ready: /Ready on (http:\S+)/, timeoutMs: 120_000 });
  assert.equal(await (await fetch(url)).text(), 'works');
  assert.equal(await (await fetch(`${url}/?relay=${encodeURIComponent(project.relay)}`)).text(), 'works');
  return 'with a room over the Worker\'s own WebSocket';
}

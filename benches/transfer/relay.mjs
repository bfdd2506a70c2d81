// The relay that transfers go through, in a process of its own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { targetDir } from '../../scripts/lib/run.mjs';
import { memoryOf } from '../lib/memory.mjs';

/** Starts the built relay on a free port. @param {readonly string[]} more - Options besides the usual ones. */
export async function startRelay(more = []) {
  const program = join(targetDir, 'release', process.platform === 'win32' ? 'hushroom-relay.exe' : 'hushroom-relay');
  if (!existsSync(program)) throw new Error('there is no relay; run npm run build');
  const options = ['--listen', '127.0.0.1:0', '--joins-per-minute', '0', '--log-level', 'warn', ...more];
  const child = spawn(program, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const address = /listening on (http:\S+)/.exec(line)?.[1];
      if (address !== undefined) resolve(address.replace(/\/$/, ''));
    });
    exited.then(() => reject(new Error('the relay ended')), reject);
  });
  return {
    url: /** @type {string} */ (url),
    /** Bytes of memory now, and at the highest ever. Linux only. */
    memory: () => memoryOf(child.pid),
    async stop() {
      child.kill();
      await exited;
    },
  };
}

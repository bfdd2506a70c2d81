// The built relay in a process of its own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { at } from '../../../scripts/lib/run.mjs';

/** @typedef {{ url: string, port: number, pid: number, kill(): Promise<void> }} Relay */

/** @param {number} [port] 0 takes any that is free @param {readonly string[]} [options] @returns {Promise<Relay>} */
export async function startRelay(port = 0, options = []) {
  const program = join(process.env['CARGO_TARGET_DIR'] ?? at('target'), 'release/hushroom-relay');
  if (!existsSync(program)) throw new Error(`there is no ${program}; run npm run build`);
  const child = spawn(program, ['--listen', `127.0.0.1:${port}`, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const address = /listening on (http:\S+)/.exec(line)?.[1];
      if (address !== undefined) resolve(address.replace(/\/$/, ''));
    });
    exited.then(([code]) => reject(new Error(`the relay ended with ${code}`)), reject);
  });
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid ?? 0,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

// The built relay in a process of its own, for tests and measurements.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { targetDir } from './run.mjs';

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/**
 * A relay that runs.
 *
 * @typedef {object} Relay
 * @property {string} url - `http://127.0.0.1:PORT`
 * @property {number} port
 * @property {number} pid
 * @property {() => Promise<void>} kill - Ends the process at once, as a crash would.
 */

/**
 * Starts the built relay. It ends with this process at the latest.
 *
 * @param {number} [port] - 0 takes any that is free.
 * @param {readonly string[]} [options] - Of its command line.
 * @returns {Promise<Relay>}
 * @throws When it is not built, or ends before it listens.
 */
export async function startRelay(port = 0, options = []) {
  const program = join(targetDir, 'release', process.platform === 'win32' ? 'hushroom-relay.exe' : 'hushroom-relay');
  if (!existsSync(program)) throw new Error(`there is no ${program}; run npm run build`);
  const child = spawn(program, ['--listen', `127.0.0.1:${port}`, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  const exited = once(child, 'exit').finally(() => running.delete(child));
  /** @type {string} */
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

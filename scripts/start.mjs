// `npm start`: sets up, builds, and runs the relay with the demo and a key directory on this machine. `PORT` chooses another
// port. The directory is kept in a file that the checkout ignores: delete it to start anew.

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';

import { build } from './build.mjs';
import { at, environment, targetDir } from './lib/run.mjs';
import { setup } from './setup.mjs';

const address = `127.0.0.1:${process.env['PORT'] ?? '8787'}`;
try {
  await setup();
  await build();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
const directory = at('.tools/directory.redb');
mkdirSync(dirname(directory), { recursive: true });
const relay = spawn(`${targetDir}/release/hushroom-relay`, ['--listen', address, '--directory', directory], {
  env: environment(),
  stdio: ['ignore', 'pipe', 'inherit'],
});
createInterface(relay.stdout).on('line', (line) => {
  const [, url] = /^listening on (.*)$/.exec(line) ?? [];
  console.log(url === undefined ? line : `\n  Open ${url}/ in two windows. Ctrl-C ends it.\n`);
});
relay.on('error', (error) => {
  console.error(`the relay cannot be run: ${error.message}`);
  process.exitCode = 1;
});
relay.on('exit', (code) => (process.exitCode = code ?? 1));
// A terminal's Ctrl-C reaches the relay too; it shuts down by itself and this process follows.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => relay.kill(signal));

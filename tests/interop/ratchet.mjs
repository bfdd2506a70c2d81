// Our ratchet against two other implementations of Olm and Megolm (libolm in C, and another release of vodozemac), driven by a
// member written in Python from docs/protocol.md. Installs both into a virtual environment of its own.
//
//   npm run test:interop

import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { at, run, targetDir } from '../../scripts/lib/run.mjs';

const OUT = at('tests/out/interop-ratchet');
const VENV = join(OUT, 'venv');
const PYTHON = join(VENV, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const PACKAGES = ['python-olm==3.2.16', 'vodozemac==0.10.0', 'cryptography'];

async function install() {
  if (existsSync(PYTHON)) return;
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  try {
    await run(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', VENV]);
    await run(PYTHON, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES]);
  } catch (error) {
    rmSync(VENV, { recursive: true, force: true });
    throw error;
  }
}

try {
  await install();
  await run('cargo', ['build', '--locked', '--example', 'ratchet_peer']);
  await run(PYTHON, [at('tests/interop/ratchet_peer.py'), join(targetDir, 'debug/examples/ratchet_peer')]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

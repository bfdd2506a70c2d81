// Arthas, by a client written from its wire format alone, in Python: against the known answers, with itself through our relay, and
// with our package. Uses the built package and relay, and installs the Python packages into an environment of their own.
//
//   npm run test:arthas

import { spawn } from 'node:child_process';

import { python } from '../../scripts/lib/python.mjs';
import { startRelay } from '../../scripts/lib/relay.mjs';
import { at } from '../../scripts/lib/run.mjs';
import { createChecks } from './checks.mjs';
import { withPackage } from './package.mjs';
import { startPeer } from './peer.mjs';

const PACKAGES = ['websockets==17.4', 'msgpack==1.2.4', 'cryptography==50.0.2'];
// Everybody comes from one address here, and a room of 50 is filled at once.
const RELAY_OPTIONS = ['--joins-per-minute', '0', '--max-connections-per-ip', '1000'];
const STRICT_OPTIONS = ['--allow-origin', 'https://chat.example.com,arthas-cli', '--allow-missing-origin', 'false'];

/** Where its WebSockets are. @param {import('../../scripts/lib/relay.mjs').Relay} relay */
const address = ({ port }) => `ws://127.0.0.1:${port}/ws`;

/** Runs a suite in Python; gives whether all of it holds. @param {string} interpreter @param {string[]} args */
const suite = (interpreter, ...args) =>
  new Promise((resolve, reject) => {
    const child = spawn(interpreter, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0));
  });

async function main() {
  const interpreter = await python('arthas', PACKAGES);
  const [relay, strict] = await Promise.all([startRelay(0, RELAY_OPTIONS), startRelay(0, [...RELAY_OPTIONS, ...STRICT_OPTIONS])]);
  const check = createChecks();
  try {
    const among = suite(interpreter, at('tests/arthas/rooms.py'), address(relay));
    const peer = startPeer(interpreter, address(relay));
    await withPackage(check, peer, address(relay));
    peer.stop();
    check(await suite(interpreter, at('tests/arthas/origins.py'), address(strict)), 'origins (above)');
    check(await among, 'Python with itself, and the vectors (above)');
  } finally {
    await Promise.all([relay.kill(), strict.kill()]);
  }
  check.report();
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

// `npm run soak`: the tests that take minutes and are no part of `npm test`, optimised, with their figures.
//
//   node scripts/soak.mjs [nonces | stalled | directory ...]      only these

import { run } from './lib/run.mjs';

/** @type {Record<string, readonly string[]>} What cargo is to test. */
const SOAKS = {
  // A million messages over crashes, clones of the store and old backups: no key encrypts with a nonce twice.
  nonces: ['-p', 'hushroom', '--lib', 'a_million'],
  // A member of an Arthas room that stops reading for a minute, and what that costs the relay.
  stalled: ['-p', 'hushroom-relay', '--test', 'process', 'stops_reading_for_a_minute'],
  // 100,000 people in the directory, and how long a lookup takes.
  directory: ['-p', 'hushroom-relay', '--test', 'directory', 'a_hundred_thousand'],
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in SOAKS));
if (unknown.length > 0) {
  console.error(`no such soak: ${unknown.join(', ')}; there are ${Object.keys(SOAKS).join(', ')}`);
  process.exit(2);
}

for (const [name, [...which]] of Object.entries(SOAKS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const filter = which.pop() ?? '';
  const start = performance.now();
  try {
    await run('cargo', ['test', '--locked', '--profile', 'soak', ...which, '--', '--ignored', '--nocapture', filter]);
    console.log(`${name}: ok after ${((performance.now() - start) / 1000).toFixed(0)} s, the build included`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

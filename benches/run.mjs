// `npm run bench`: measures the built package and the built relay, and prints one report in Markdown. Progress goes to
// standard error.
//
//   node benches/run.mjs [--quick] [--write] [part ...]      parts: peers, sizes, stream, transfer, room-of-50
//
// With --write the report goes to benches/RESULTS.md and benches/results.svg as well.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { parseArgs } from 'node:util';

import { findBrowser } from '../scripts/lib/browser.mjs';
import { at, targetDir } from '../scripts/lib/run.mjs';
import { reportFiles, reportText } from './lib/report.mjs';
import { GIB } from './lib/stats.mjs';

/** In the order of the report. */
const PARTS = ['peers', 'sizes', 'stream', 'transfer', 'room-of-50'];
const PEERS = ['@noble/ciphers', 'libsodium-wrappers', 'age-encryption'];

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const wrong = positionals.filter((name) => !PARTS.includes(name));
if (wrong.length > 0) fail(`no such part: ${wrong.join(', ')}; there are ${PARTS.join(', ')}`);
if (values.write && positionals.length > 0) fail('--write is for all parts: a report of some would pass for one of all');
for (const path of [at('dist/room.node.js'), `${targetDir}/release/hushroom-relay`]) {
  if (!existsSync(path)) fail(`there is no ${path}; run npm run build`);
}

/** @type {import('./lib/report.mjs').Part[]} */
const parts = [];
for (const name of PARTS.filter((part) => positionals.length === 0 || positionals.includes(part))) {
  const start = performance.now();
  /** @type {{ run(options: { quick: boolean }): Promise<string | import('./lib/report.mjs').Part> }} */
  const part = await import(`./${name}.mjs`);
  const result = await part.run({ quick: values.quick });
  parts.push(typeof result === 'string' ? { text: result } : result);
  console.error(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
}
const about = describe();
console.log(reportText(about, parts));
if (values.write) {
  const { markdown, svg } = reportFiles(about, parts);
  writeFileSync(at('benches/RESULTS.md'), markdown);
  writeFileSync(at('benches/results.svg'), svg);
}

/** @returns {import('./lib/report.mjs').About} */
function describe() {
  const versionOf = (/** @type {string} */ folder) => /** @type {string} */ (JSON.parse(readFileSync(at(folder, 'package.json'), 'utf8')).version);
  const { chrome } = findBrowser();
  const browser = chrome === undefined ? 'no browser' : execFileSync(chrome, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  const [cpu] = cpus();
  return {
    version: versionOf('.'),
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} x ${cpu?.model.trim()}, ${(totalmem() / GIB).toFixed(0)} GiB, ${type()} ${release()}; Node ${process.version}; ${browser}`,
    versions: Object.fromEntries(PEERS.map((name) => [name, versionOf(`node_modules/${name}`)])),
    quick: values.quick,
  };
}

/** @param {string} message */
function fail(message) {
  console.error(message);
  process.exit(1);
}

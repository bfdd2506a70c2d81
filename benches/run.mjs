// `npm run bench`: measures the built package and the built relay, and prints one report in Markdown. Progress goes to
// standard error.
//
//   node benches/run.mjs [--quick] [part ...]      parts: stream, transfer, room-of-50

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { parseArgs } from 'node:util';

import { findBrowser } from '../scripts/lib/browser.mjs';
import { at, targetDir } from '../scripts/lib/run.mjs';
import { GIB } from './lib/stats.mjs';

/** In the order of the report. */
const PARTS = ['stream', 'transfer', 'room-of-50'];

const { values, positionals } = parseArgs({ options: { quick: { type: 'boolean', default: false } }, allowPositionals: true });
const wrong = positionals.filter((name) => !PARTS.includes(name));
if (wrong.length > 0) fail(`no such part: ${wrong.join(', ')}; there are ${PARTS.join(', ')}`);
for (const path of [at('dist/room.node.js'), `${targetDir}/release/hushroom-relay`]) {
  if (!existsSync(path)) fail(`there is no ${path}; run npm run build`);
}

const sections = [header()];
for (const name of PARTS.filter((part) => positionals.length === 0 || positionals.includes(part))) {
  /** @type {{ run(options: { quick: boolean }): Promise<string> }} */
  const part = await import(`./${name}.mjs`);
  sections.push(await part.run({ quick: values.quick }));
}
console.log(sections.join('\n\n'));

function header() {
  const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  const { chrome } = findBrowser();
  const browser = chrome === undefined ? 'no browser' : execFileSync(chrome, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  const [cpu] = cpus();
  const machine = `${cpus().length} x ${cpu?.model.trim()}, ${(totalmem() / GIB).toFixed(0)} GiB, ${type()} ${release()}`;
  const date = new Date().toISOString().slice(0, 10);
  return `# hushroom ${version}, ${date}\n\n${machine}; Node ${process.version}; ${browser}${values.quick ? '; quick' : ''}`;
}

/** @param {string} message */
function fail(message) {
  console.error(message);
  process.exit(1);
}

// The package in the hands of its users: packed once, installed into small real projects, built and run there.
//
//   npm run test:packaging [name ...]         these consumers, or all; one after the other
//   npm run test:packaging -- --list          which there are
//   --consumers <folder>                      those of another folder
//   --tarball <file>                          with this package, instead of packing what is built
//   --work <folder>                           where projects are made, instead of a folder among the temporary ones
//
// Needs what `npm run build` makes, Chromium, and npm's registry for what was not installed before. The table of the last run is in
// .tools/packaging/table.md.

import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { at } from '../../scripts/lib/run.mjs';
import { copyTarball, packTarball, workFolder } from './lib/install.mjs';
import { createPages } from './lib/pages.mjs';
import { startRelay } from './lib/relay.mjs';
import { consumersIn, loadConsumer, runConsumer, tableOf, writeTable } from './lib/suite.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { list: { type: 'boolean', default: false }, consumers: { type: 'string' }, tarball: { type: 'string' }, work: { type: 'string' } },
});
const folder = values.consumers === undefined ? dirname(fileURLToPath(import.meta.url)) : resolve(values.consumers);

/** @returns {Promise<number>} The exit code. */
async function main() {
  const all = consumersIn(folder);
  const unknown = positionals.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    console.error(`no such consumer: ${unknown.join(', ')}; there are ${all.join(', ')}`);
    return 2;
  }
  const chosen = positionals.length > 0 ? all.filter((name) => positionals.includes(name)) : all;
  if (values.list) {
    for (const name of chosen) console.log(`${name.padEnd(24)} ${(await loadConsumer(folder, name)).title}`);
    return 0;
  }
  return test(chosen);
}

/** @param {readonly string[]} names */
async function test(names) {
  const work = values.work === undefined ? workFolder() : resolve(values.work);
  const tarball = await (values.tarball === undefined ? packTarball(work) : copyTarball(values.tarball, work));
  const relay = await startRelay();
  const pages = createPages();
  const results = [];
  try {
    for (const name of names) {
      console.log(`\n\x1b[1m── ${name}\x1b[0m`);
      const result = await runConsumer(folder, name, work, { tarball, relay: relay.url, pages });
      console.log(`${result.ok ? 'ok' : 'FAIL'} after ${result.seconds.toFixed(1)} s${result.note === '' ? '' : `: ${result.note}`}`);
      results.push(result);
    }
  } finally {
    await pages.stop();
    await relay.stop();
  }
  const table = tableOf(results);
  if (values.consumers === undefined) writeTable(at('.tools/packaging'), table);
  console.log(`\n${table}`);
  return results.length > 0 && results.every(({ ok }) => ok) ? 0 : 1;
}

// Children are in groups of their own, which the terminal does not reach: an exit ends them (lib/processes.mjs; playwright-core the browser).
for (const [signal, code] of /** @type {const} */ ([['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]])) {
  process.on(signal, () => process.exit(code));
}
try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

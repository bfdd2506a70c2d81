import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { gzipBytes, inlinedWasms, kilobytes, withoutWarnings } from '../lib/checks.mjs';

export const title = 'slim entries with their wasm as files';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  const note = await withVite(project);
  await plain(project);
  return note;
}

/** @param {import('../lib/project.mjs').Project} project */
async function withVite(project) {
  const server = await project.start('vite', ['--host', '127.0.0.1', '--port', '0'], { ready: /Local:\s+(http:\S+)/ });
  assert.equal(await project.page(server.url), 'works', 'on the development server');
  withoutWarnings(server.output());
  await server.stop();

  withoutWarnings(await project.run('vite', ['build']));
  assert.equal(project.wasmFiles('dist'), 2, 'wasm files: one of each entry');
  assert.equal(inlinedWasms(join(project.folder, 'dist')), 0, 'wasm in JavaScript');
  assert.equal(await project.page(await project.serve('dist')), 'works', 'built');
  return `JavaScript of both entries: ${kilobytes(gzipBytes(join(project.folder, 'dist')))} gzip`;
}

/** @param {import('../lib/project.mjs').Project} project */
async function plain(project) {
  const at = (/** @type {string[]} */ ...parts) => join(project.folder, ...parts);
  const package_ = (/** @type {string} */ name) => at('node_modules/hushroom/dist', name);
  cpSync(at('exercise.mjs'), at('plain/exercise.mjs'));
  for (const name of ['slim.js', 'room.slim.js', 'core.wasm', 'room.wasm']) cpSync(package_(name), at('plain/hushroom', name));
  const { version } = JSON.parse(readFileSync(at('node_modules/hushroom/package.json'), 'utf8'));
  const core = readFileSync(package_('core.wasm'));
  writeFileSync(at('plain/hushroom/cut.wasm'), core.subarray(0, core.length / 2));
  writeFileSync(at('plain/hushroom/old.wasm'), ofAnotherVersion(core, version));

  assert.equal(await project.page(await project.serve('plain')), 'works', 'plain');
  // A host that does not know wasm: slower, since it cannot be compiled while it comes, but it works.
  const headers = (/** @type {string} */ path) => /** @type {Record<string, string>} */ (path.endsWith('.wasm') ? { 'content-type': 'text/plain' } : {});
  assert.equal(await project.page(await project.serve('plain', { headers })), 'works', 'with a wrong MIME type');

  const expected = [/404/, /ERR_UNSAFE_PORT|ERR_CONNECTION_REFUSED|Failed to fetch|Access to fetch/];
  const lines = (await project.page(`${await project.serve('plain')}wrong.html`, { console: expected })).split('\n');
  console.log(lines.join('\n'));
}

/** The wasm of another release, which says so. @param {Buffer} wasm @param {string} version - Of this one. */
function ofAnotherVersion(wasm, version) {
  const bytes = Buffer.from(wasm);
  const place = bytes.indexOf(`${version} `);
  assert(place > 0, 'the wasm knows its version');
  bytes.write(version.replace(/\d/g, '9'), place);
  return bytes;
}

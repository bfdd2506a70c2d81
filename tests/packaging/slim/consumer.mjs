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

  // What the browser itself says of the missing file, of the refused connection, and of the address of no host of ours.
  const console = [/404/, /ERR_CONNECTION_REFUSED|ERR_UNSAFE_PORT/];
  const lines = (await project.page(`${await project.serve('plain')}wrong.html`, { console })).split('\n');
  /** @type {Record<string, RegExp>} */
  const expected = {
    'too early': /^INIT_FAILED: call init\(source\) first/,
    none: /^INIT_FAILED: call init\(source\) first/,
    missing: /^INIT_FAILED: the wasm could not be started: the server answered 404$/,
    page: /^INIT_FAILED: .* what the server sent as text\/html; charset=utf-8 could not be compiled/,
    cut: /^INIT_FAILED: the wasm could not be started: /,
    old: new RegExp(`^INIT_FAILED: .*: expected the build ${version} core, got ${elsewhere(version)} core$`),
    other: new RegExp(`^INIT_FAILED: .*: expected the build ${version} core, got another$`),
    unreachable: /^INIT_FAILED: the wasm could not be started: Failed to fetch$/,
    number: /^INVALID_ARGUMENT: /,
    'core as room': new RegExp(`^INIT_FAILED: .*: expected the build ${version} room, got ${version} core$`),
    // A failure does not last.
    right: /^fine$/,
    works: /^fine$/,
    again: /^fine$/,
  };
  assert.deepEqual(lines.map((line) => line.split(':')[0]), Object.keys(expected));
  for (const line of lines) {
    const [name = '', ...rest] = line.split(': ');
    assert.match(rest.join(': '), expected[name] ?? /^$/, name);
  }
}

/** A version of the same length, which is none. @param {string} version */
const elsewhere = (version) => version.replace(/\d/g, '9');

/** The wasm of another release, which says so. @param {Buffer} wasm @param {string} version - Of this one. */
function ofAnotherVersion(wasm, version) {
  const bytes = Buffer.from(wasm);
  const place = bytes.indexOf(`${version} `);
  assert(place > 0, 'the wasm knows its version');
  bytes.write(elsewhere(version), place);
  return bytes;
}

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const title = 'plain page, import map, strict policy';

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  const at = (/** @type {string[]} */ ...parts) => join(project.folder, ...parts);
  // What goes on a server: the page, and the entries it uses. Each is one file.
  for (const name of ['index.html', 'main.js', 'refused.html', 'refused.js', 'exercise.mjs']) cpSync(at(name), at('site', name));
  for (const name of ['index.js', 'room.js']) cpSync(at('node_modules/hushroom/dist', name), at('site/hushroom', name));

  const relay = new URL(project.relay).origin;
  // An import map stands in the page, and so needs its hash.
  const [, map = ''] = /<script type="importmap">(.*?)<\/script>/s.exec(readFileSync(at('index.html'), 'utf8')) ?? [];
  const hash = `'sha256-${createHash('sha256').update(map).digest('base64')}'`;
  const policy = (/** @type {string} */ scripts) => `default-src 'none'; script-src 'self' ${scripts}; connect-src ${relay}; img-src data:`;

  const page = await project.serve('site', { csp: policy(`'wasm-unsafe-eval' ${hash}`) });
  assert.equal(await project.page(page), 'works');

  const refusing = await project.serve('site', { csp: policy(hash) });
  const lines = (await project.page(`${refusing}refused.html`)).split('\n');
  assert.deepEqual(lines.map((line) => line.split(':')[0]), ['init', 'generateShareCode', 'parseShareCode', 'sealMessage', 'encryptStream', 'createRoom']);
  for (const line of lines) {
    assert.match(line, /^\w+: INIT_FAILED: the wasm could not be started: the content security policy needs script-src 'wasm-unsafe-eval': /);
  }

  // A policy that forbids the relay: the browser says no more than that the socket failed.
  const mute = await project.serve('site', { csp: policy(`'wasm-unsafe-eval' ${hash}`).replace(relay, "'self'") });
  assert.match(await project.page(mute, { console: [/Content Security Policy|violates/] }), /^error: CONNECT_FAILED: /);
  return "without 'wasm-unsafe-eval': INIT_FAILED, and its message names the remedy";
}

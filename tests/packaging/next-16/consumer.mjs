import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { withoutWarnings } from '../lib/checks.mjs';

export const title = 'Next.js 16: server and client component, route, edge route; Turbopack and webpack';

/** Next's own: its banner, that CI has no cache of an earlier build, and that it would rather have no edge runtime. */
const KNOWN = [/▲ Next\.js/, /No build cache found/, /edge runtime/i];
const READY = { ready: /Local:\s+(http:\S+)/, timeoutMs: 180_000 };

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  for (const bundler of ['--turbopack', '--webpack']) {
    rmSync(join(project.folder, '.next'), { recursive: true, force: true });
    const dev = await project.start('next', ['dev', bundler, '--port', '0'], READY);
    await use(project, dev.url);
    await dev.stop();
    rmSync(join(project.folder, '.next'), { recursive: true, force: true });
    withoutWarnings(await project.run('next', ['build', bundler], { timeoutMs: 600_000 }), ...KNOWN);
    const server = await project.start('next', ['start', '--port', '0'], READY);
    await use(project, server.url);
    await server.stop();
    // What browsers load has the wasm inside.
    assert.equal(project.wasmFiles('.next/static'), 0);
  }
}

/** @param {import('../lib/project.mjs').Project} project @param {string} url */
async function use(project, url) {
  const relay = encodeURIComponent(project.relay);
  const html = await textOf(url);
  assert.match(html, /<p id="rendered">V1StGXR8_Z5jdHi6B-myT<\/p>/);
  // Nothing is opened on a server.
  assert.match(html, /<p id="status">connecting<\/p>/);
  assert.equal(await project.page(url), 'server works, client works, room open');
  for (const route of ['node', 'edge']) assert.equal(await textOf(`${url}/${route}?relay=${relay}`), 'works');
}

/** @param {string} url */
async function textOf(url) {
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${/"message":"(.*?)"/.exec(text)?.[1] ?? text.slice(0, 1000)}`);
  return text;
}

import assert from 'node:assert/strict';

import { withoutWarnings } from '../lib/checks.mjs';

export const title = 'Next.js 16, hushroom/react: server component, hydration, Strict Mode';

const READY = { ready: /Local:\s+(http:\S+)/, timeoutMs: 180_000 };

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  const dev = await project.start('next', ['dev', '--port', '0'], READY);
  // Strict Mode mounts twice: Grace still comes and speaks once.
  await use(project, dev.url);
  await dev.stop();
  // The mark before its name, and advice for machines that build again and again.
  withoutWarnings(await project.run('next', ['build'], { timeoutMs: 600_000 }), /^▲ Next\.js/, /No build cache found/);
  const server = await project.start('next', ['start', '--port', '0'], READY);
  await use(project, server.url);
  assert.equal(project.wasmFiles('.next/static'), 0);
}

/** @param {import('../lib/project.mjs').Project} project @param {string} url */
async function use(project, url) {
  const html = await (await fetch(`${url}/?relay=${encodeURIComponent(project.relay)}`)).text();
  assert.match(html, /<p id="reference">Symbol\(react\.client\.reference\)<\/p>/);
  assert.match(html, /<p id="status">connecting<\/p>/);
  assert.equal(await project.page(url), 'works: Ada, Grace');
}

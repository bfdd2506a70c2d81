// The exercise in extensions that no bundler has touched, with the policy that wasm needs and without it.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { extensionUrl, launchExtensions } from './extensions.mjs';

const NEEDED = " 'wasm-unsafe-eval'";
const ENTRIES = ['index.js', 'room.js'];

/**
 * Runs `result.html` of the project's extension.
 *
 * @param {import('./project.mjs').Project} project
 * @param {readonly string[]} scripts - The extension's own, and its pages.
 */
export async function checkUnbundled(project, scripts) {
  const [allowed, denied] = [makeExtension(project.folder, 'allowed', scripts), makeExtension(project.folder, 'denied', scripts)];
  const manifest = join(denied, 'manifest.json');
  const text = readFileSync(manifest, 'utf8');
  assert.ok(text.includes(NEEDED));
  writeFileSync(manifest, text.replace(NEEDED, ''));

  const browser = await launchExtensions(allowed, denied);
  project.defer(browser.stop);
  await browser.drive(async (context) => {
    assert.equal(await resultOf(context, allowed, project.relay), 'works');
    assert.match(await resultOf(context, denied, project.relay), /^error: INIT_FAILED .*wasm-unsafe-eval/);
  });
}

/** @param {string} folder @param {string} name @param {readonly string[]} scripts */
function makeExtension(folder, name, scripts) {
  const target = join(folder, name);
  mkdirSync(join(target, 'hushroom'), { recursive: true });
  for (const file of ['manifest.json', 'exercise.mjs', ...scripts]) cpSync(join(folder, file), join(target, file));
  for (const entry of ENTRIES) cpSync(join(folder, 'node_modules/hushroom/dist', entry), join(target, 'hushroom', entry));
  return target;
}

/** @param {import('playwright-core').BrowserContext} context @param {string} folder @param {string} relay */
async function resultOf(context, folder, relay) {
  const page = await context.newPage();
  /** @type {string[]} */
  const problems = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(`${extensionUrl(folder)}result.html?relay=${encodeURIComponent(relay)}`);
  const result = page.locator('#result:not(:empty)');
  await result.waitFor({ state: 'attached' }).catch(() => problems.push('nothing came into #result'));
  assert.deepEqual(problems, []);
  return (await result.textContent()) ?? '';
}

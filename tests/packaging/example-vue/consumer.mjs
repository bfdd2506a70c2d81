import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

import { BROWSER_FLAGS, findBrowser } from '../../../scripts/lib/browser.mjs';
import { at } from '../../../scripts/lib/run.mjs';
import { gzipBytes, inlinedWasms, kilobytes, withoutWarnings } from '../lib/checks.mjs';

export const title = 'examples/vue: two pages under a strict policy';
export const source = '../../examples/vue';

const FILE_BYTES = 3_000_001;
const TIMEOUT_MS = 60_000;
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Pictures of the pages, for people to look at. @param {string} name */
const picture = (name) => ({ path: at('tests/out/screenshots', `example-vue-${name}.png`), animations: /** @type {const} */ ('disabled') });

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  withoutWarnings(await project.run('vue-tsc', []));
  withoutWarnings(await project.run('vite', ['build'], { env: { VITE_RELAY: project.relay } }));
  assert.equal(project.wasmFiles('dist'), 0);
  assert.equal(inlinedWasms(join(project.folder, 'dist')), 1);
  const policy = [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src ws://${new URL(project.relay).host}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const url = await project.serve('dist', { csp: policy });

  const { chrome } = findBrowser();
  if (chrome === undefined) throw new Error('no Chrome or Chromium found: set CHROME_PATH');
  const browser = await chromium.launch({ executablePath: chrome, args: BROWSER_FLAGS });
  project.defer(() => browser.close());
  /** @type {string[]} */
  const problems = [];

  /**
   * A page in a profile of its own. It has no save picker, which is the system's and which a headless browser does not show.
   *
   * @param {string} address
   * @param {string} name
   * @param {import('playwright-core').BrowserContextOptions} options
   */
  async function enter(address, name, options) {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(TIMEOUT_MS);
    await context.addInitScript(() => void Reflect.deleteProperty(globalThis, 'showSaveFilePicker'));
    const page = await context.newPage();
    page.on('pageerror', ({ message }) => problems.push(`${name}: uncaught: ${message}`));
    page.on('requestfailed', (request) => problems.push(`${name}: failed: ${request.url()}`));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') problems.push(`${name}: ${message.text()}`);
    });
    await page.goto(address);
    await page.getByLabel('Your name').fill(name);
    await page.screenshot(picture(`enter-${name}`));
    await accessible(page);
    await page.keyboard.press('Enter');
    await page.locator('[data-status=open]').waitFor();
    return page;
  }

  const wide = { width: 1200, height: 760 };
  const narrow = { width: 390, height: 760 };
  const ada = await enter(url, 'Ada', { viewport: wide, colorScheme: 'light', permissions: ['clipboard-read', 'clipboard-write'] });
  await ada.getByRole('button', { name: 'Copy link' }).click();
  await ada.getByRole('button', { name: 'Link copied' }).waitFor();
  const link = await ada.evaluate(() => navigator.clipboard.readText());
  assert.ok(link.startsWith(`${url}#hush1:`), link);
  const grace = await enter(link, 'Grace', { viewport: narrow, colorScheme: 'dark' });
  await ada.getByText('Grace', { exact: true }).waitFor();

  // The keyboard is in the field for messages already.
  await grace.keyboard.type('Hello Ada');
  await ada.getByText('Grace: typing …').waitFor();
  await grace.keyboard.press('Enter');
  await ada.locator('.message', { hasText: 'Hello Ada' }).waitFor();
  await ada.getByRole('textbox', { name: 'Message' }).fill('Hello Grace <b>and all</b>');
  await ada.keyboard.press('Enter');
  await grace.locator('.message', { hasText: 'Hello Grace <b>and all</b>' }).waitFor();

  await drop(grace, FILE_BYTES);
  await ada.getByText('Grace offers a file of 3.0 MB').waitFor();
  await accessible(ada);
  await ada.screenshot(picture('wide-light'));
  const downloading = ada.waitForEvent('download');
  await ada.getByRole('button', { name: 'Accept' }).click();
  const download = await downloading;
  assert.equal(download.suggestedFilename(), 'pattern.bin');
  assert.ok((await readFile(await download.path())).equals(pattern(FILE_BYTES)), 'the file is another one');
  for (const page of [ada, grace]) await page.locator('.file', { hasText: 'done' }).waitFor();

  await grace.getByLabel('Send files').setInputFiles({ name: 'unwanted.txt', mimeType: 'text/plain', buffer: Buffer.from('no') });
  await ada.getByRole('button', { name: 'Decline' }).click();
  await grace.locator('.file', { hasText: 'declined' }).waitFor();

  const numbers = [];
  for (const page of [ada, grace]) {
    await page.getByText('Safety number').click();
    numbers.push(await page.locator('.digits').textContent());
    await accessible(page);
  }
  assert.match(numbers[0] ?? '', /^(\d{5} ?){12}$/);
  assert.equal(numbers[0], numbers[1]);
  await grace.screenshot(picture('narrow-dark'));
  await ada.emulateMedia({ colorScheme: 'dark' });
  await ada.screenshot(picture('wide-dark'));
  await grace.emulateMedia({ colorScheme: 'light' });
  await grace.screenshot(picture('narrow-light'));
  const overflow = await grace.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `the narrow page is ${overflow} pixels too wide`);

  await grace.getByRole('button', { name: 'Leave' }).click();
  await grace.getByRole('heading', { name: 'Join a room' }).waitFor();
  await ada.getByText('Grace', { exact: true }).waitFor({ state: 'detached' });
  assert.deepEqual(problems, []);
  return `${kilobytes(gzipBytes(join(project.folder, 'dist')))} gzip, all of it`;
}

/** What can be checked of that without people. @param {import('playwright-core').Page} page */
async function accessible(page) {
  await page.evaluate(await readFile(axe, 'utf8'));
  const violations = await page.evaluate(async () => {
    const { violations } = await /** @type {any} */ (globalThis).axe.run();
    return violations.map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes.map((/** @type {any} */ node) => node.html).join(' ')}`);
  });
  assert.deepEqual(violations, []);
}

/** Bytes that do not repeat with any power of two. @param {number} length */
const pattern = (length) => Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 7) % 251));

/** Drops a file of that pattern onto the page. @param {import('playwright-core').Page} page @param {number} length */
async function drop(page, length) {
  const dataTransfer = await page.evaluateHandle((size) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from({ length: size }, (_, index) => (index * 7) % 251)], 'pattern.bin'));
    return data;
  }, length);
  const main = page.locator('main');
  await main.dispatchEvent('dragenter', { dataTransfer });
  await page.locator('main.over').waitFor();
  await main.dispatchEvent('dragover', { dataTransfer });
  await main.dispatchEvent('drop', { dataTransfer });
  await page.locator('main:not(.over)').waitFor();
}

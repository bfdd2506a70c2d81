import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { accessible, chats, picture, strictPolicy } from '../lib/chats.mjs';
import { gzipBytes, inlinedWasms, kilobytes, withoutWarnings } from '../lib/checks.mjs';

export const title = 'examples/vue: two pages under a strict policy';
export const source = '../../examples/vue';

const FILE_BYTES = 3_000_001;

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  withoutWarnings(await project.run('vue-tsc', []));
  withoutWarnings(await project.run('vite', ['build'], { env: { VITE_RELAY: project.relay } }));
  assert.equal(project.wasmFiles('dist'), 0);
  assert.equal(inlinedWasms(join(project.folder, 'dist')), 1);
  const url = await project.serve('dist', { csp: strictPolicy(project.relay) });
  const { enter, run } = chats(project);
  await run(() => use(enter, url));
  return `${kilobytes(gzipBytes(join(project.folder, 'dist')))} gzip, all of it`;
}

/** Everything the example can do. @param {ReturnType<typeof chats>['enter']} open @param {string} url */
async function use(open, url) {
  /** @type {typeof open} */
  const enter = async (name, address, options) => {
    const page = await open(name, address, options);
    await picture(page, `example-vue-enter-${name}`);
    await accessible(page);
    await page.keyboard.press('Enter');
    await page.locator('[data-status=open]').waitFor();
    return page;
  };
  const wide = { width: 1200, height: 760 };
  const narrow = { width: 390, height: 760 };
  const ada = await enter('Ada', url, { viewport: wide, colorScheme: 'light' });
  await ada.getByRole('button', { name: 'Copy link' }).click();
  await ada.getByRole('button', { name: 'Link copied' }).waitFor();
  const link = await ada.evaluate(() => navigator.clipboard.readText());
  assert.ok(link.startsWith(`${url}#hush1:`), link);
  const grace = await enter('Grace', link, { viewport: narrow, colorScheme: 'dark' });
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
  await picture(ada, 'example-vue-wide-light');
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
  await picture(grace, 'example-vue-narrow-dark');
  await ada.emulateMedia({ colorScheme: 'dark' });
  await picture(ada, 'example-vue-wide-dark');
  await grace.emulateMedia({ colorScheme: 'light' });
  await picture(grace, 'example-vue-narrow-light');
  const overflow = await grace.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `the narrow page is ${overflow} pixels too wide`);

  await grace.getByRole('button', { name: 'Leave' }).click();
  await grace.getByRole('heading', { name: 'Join a room' }).waitFor();
  await ada.getByText('Grace', { exact: true }).waitFor({ state: 'detached' });
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

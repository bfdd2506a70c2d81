import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { accessible, chats, picture, strictPolicy } from '../lib/chats.mjs';
import { inlinedWasms, withoutWarnings } from '../lib/checks.mjs';

export const title = 'Example: React chat, in two pages under a strict policy';
export const source = '../../examples/react';

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };
const FILE_BYTES = 3_000_001;

/** @typedef {import('playwright-core').Page} Page */

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  const env = { VITE_RELAY: project.relay };
  withoutWarnings(await project.run('tsc', []));
  withoutWarnings(await project.run('vite', ['build'], { env }));
  assert.deepEqual([project.wasmFiles('dist'), inlinedWasms(join(project.folder, 'dist'))], [0, 1], 'wasm files, and wasm in JavaScript');

  const url = await project.serve('dist', { csp: strictPolicy(project.relay) });
  const { enter, run } = chats(project);
  const server = await project.start('vite', ['--host', '127.0.0.1', '--port', '0'], { ready: /Local:\s+(http:\S+)/, env });
  await run(async () => {
    await alone(enter, server.url);
    withoutWarnings(server.output());
    await server.stop();
    await use(enter, url);
  });
  return `chat, reactions, safety number, ${FILE_BYTES} bytes bit for bit`;
}

/** @typedef {ReturnType<typeof chats>['enter']} Enter */

/** On the development server, whose Strict Mode mounts everything twice: there is one member, who is alone. @param {Enter} enter @param {string} url */
async function alone(enter, url) {
  const page = await enter('Ada', url);
  await page.getByRole('button', { name: 'Open a room' }).click();
  await page.getByText('open', { exact: true }).waitFor();
  assert.equal(await page.locator('aside').getByRole('listitem').allTextContents().then((all) => all.join()), 'Ada (you)');
  await page.getByRole('button', { name: 'Leave' }).click();
  await page.getByLabel('Your name').waitFor();
  await page.context().close();
}

/** Everything the example can do. @param {Enter} enter @param {string} url */
async function use(enter, url) {
  const ada = await enter('Ada', url, { viewport: WIDE, colorScheme: 'light' });
  await looks(ada, 'entrance-light');
  await ada.getByRole('button', { name: 'Open a room' }).click();
  await ada.getByText('open', { exact: true }).waitFor();
  await looks(ada, 'empty-light');
  await ada.getByRole('button', { name: 'Copy' }).click();
  await ada.getByRole('button', { name: 'Copied' }).waitFor();
  const link = await ada.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, await ada.getByLabel('Invite with').inputValue());
  assert.equal(link.split('#')[0], url);

  const grace = await enter('Grace', link, { viewport: NARROW, colorScheme: 'dark' });
  await looks(grace, 'entrance-dark-narrow');
  await grace.getByRole('button', { name: 'Join' }).click();
  await grace.getByText('Ada', { exact: true }).waitFor();
  await ada.getByText('Grace', { exact: true }).waitFor();

  await chat(ada, grace);
  await files(ada, grace, FILE_BYTES);
  await compare(ada, grace);
  for (const [page, looked] of /** @type {const} */ ([[ada, 'light-wide'], [grace, 'dark-narrow']])) await looks(page, looked);
  await ada.emulateMedia({ colorScheme: 'dark' });
  await looks(ada, 'dark-wide');
  await grace.emulateMedia({ colorScheme: 'light' });
  await looks(grace, 'light-narrow');

  await grace.getByRole('button', { name: 'Leave' }).click();
  await grace.getByLabel('Your name').waitFor();
  await ada.getByText('Grace', { exact: true }).waitFor({ state: 'detached' });

  // A room that is not there: the page says so, and the way back is open.
  await grace.getByLabel('Your name').fill('Grace');
  await grace.getByLabel(/Link or code/).fill('hush1:V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8');
  await grace.getByRole('button', { name: 'Join' }).click();
  await grace.getByText(/There is no way in/).waitFor();
  await grace.getByRole('button', { name: 'Back' }).click();
  await grace.getByLabel('Your name').waitFor();
}

/** @param {Page} ada @param {Page} grace */
async function chat(ada, grace) {
  await say(ada, 'Hello Grace');
  const message = grace.getByRole('article').filter({ hasText: 'Hello Grace' });
  await message.getByRole('button', { name: 'React with 👍' }).click();
  await ada.getByRole('button', { name: 'React with 👍, 1 so far' }).waitFor();
  await grace.getByLabel('Message', { exact: true }).pressSequentially('Hi');
  await ada.getByText('Grace typing…').waitFor();
  await message.getByRole('button', { name: 'Reply' }).click();
  assert.equal(await grace.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Message');
  await say(grace, 'Hi Ada, have you got the photograph of the Analytical Engine? I would like to see the difference.');
  await ada.getByRole('article').filter({ hasText: 'Hi Ada' }).locator('.quote', { hasText: 'Ada: Hello Grace' }).waitFor();
  // What somebody writes is text, whatever it looks like.
  await say(ada, '<img src=x onerror=alert(1)> is no image');
  await grace.getByText('<img src=x onerror=alert(1)> is no image').waitFor();
}

/** @param {Page} ada @param {Page} grace @param {number} size */
async function files(ada, grace, size) {
  const bytes = Buffer.alloc(size);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = (index * 31) >> (index % 7);
  await ada.getByLabel(/Drop files anywhere/).setInputFiles({ name: 'engine.jpg', mimeType: 'image/jpeg', buffer: bytes });
  await grace.getByText('engine.jpg').waitFor();
  const downloading = grace.waitForEvent('download');
  await grace.getByRole('button', { name: 'Accept' }).click();
  const download = await downloading;
  assert.equal(download.suggestedFilename(), 'engine.jpg');
  assert.equal(sha256(readFileSync(await download.path())), sha256(bytes));
  for (const page of [ada, grace]) await page.locator('li', { hasText: 'engine.jpg' }).filter({ hasText: 'done' }).waitFor();

  // A dropped one, declined.
  const transfer = await ada.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(['dropped'], 'dropped.txt', { type: 'text/plain' }));
    return data;
  });
  const main = ada.locator('main');
  await main.dispatchEvent('dragenter', { dataTransfer: transfer });
  await ada.locator('main[data-over=true]').waitFor();
  await main.dispatchEvent('drop', { dataTransfer: transfer });
  await ada.locator('main[data-over=false]').waitFor();
  await looks(grace, 'offer-dark-narrow');
  await grace.getByRole('button', { name: 'Decline' }).click();
  await ada.locator('li', { hasText: 'dropped.txt' }).filter({ hasText: 'declined' }).waitFor();
}

/** @param {Page} ada @param {Page} grace */
async function compare(ada, grace) {
  const shown = await Promise.all([[ada, 'Grace'], [grace, 'Ada']].map(async ([page, name]) => {
    const here = /** @type {Page} */ (page);
    await here.locator('summary', { hasText: /** @type {string} */ (name) }).click();
    return here.locator('code', { hasText: /^(\d{5} ){11}\d{5}$/ }).textContent();
  }));
  assert.equal(shown[0], shown[1]);
  await ada.getByRole('button', { name: 'It is the same' }).click();
  await ada.getByText('✓ compared').waitFor();
}

/** @param {Page} page @param {string} text */
async function say(page, text) {
  const field = page.getByLabel('Message', { exact: true });
  await field.fill(text);
  await field.press('Enter');
}

/** @param {Page} page @param {string} name */
async function looks(page, name) {
  await picture(page, `example-react-${name}`);
  await accessible(page);
}

/** @param {Uint8Array} bytes */
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

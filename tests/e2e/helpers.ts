import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

import { startRelay, type Relay } from '../../scripts/lib/relay.mjs';
import { at } from '../../scripts/lib/run.mjs';
import { browserName, launch } from '../browsers/launch.mjs';

/** Where the tests leave what they made, to be looked at. */
export const outDir: string = at('tests/out');

export { startRelay };
export type { Relay };

/** The browser that the tests run in: see `tests/browsers`. */
export const launchBrowser: (options?: { readonly fakeDevices?: boolean }) => Promise<Browser> = launch;

/** A page of the demo in a browser profile of its own, and everything that went wrong in it. */
export interface DemoPage {
  readonly page: Page;
  /** Uncaught errors, failed requests, and all the console's warnings and errors: among them violations of the policy. */
  readonly problems: readonly string[];
  /** Addresses asked for. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Hash of `body {}`: a style that Playwright adds before a screenshot in Firefox, whose policy it offends. */
const SCREENSHOT_STYLE = 'sha256-YjaKGiklmzC6wjXA513HAMmzus8VE61XCOT+SmwNZWA=';

/**
 * Opens a page. It has no save picker, as in Firefox and Safari: that dialog is the system's, and a headless browser has
 * none.
 */
export async function openPage(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<DemoPage> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    colorScheme: 'light',
    ...options,
  });
  await context.addInitScript(() => {
    delete (globalThis as { showSaveFilePicker?: unknown }).showSaveFilePicker;
  });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const problems: string[] = [];
  const requests: string[] = [];
  page.on('pageerror', (error) => {
    if (!error.message.includes(SCREENSHOT_STYLE)) problems.push(`uncaught: ${error.message}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(`console: ${message.text()}`);
  });
  // Chromium's console tells of these as well.
  if (browserName() !== 'chromium') {
    page.on('response', (response) => {
      if (response.status() >= 400) problems.push(`response: ${response.status()} ${response.url()}`);
    });
    page.on('requestfailed', (request) => problems.push(`request: ${request.failure()?.errorText} ${request.url()}`));
  }
  page.on('request', (request) => requests.push(request.url()));
  page.on('websocket', (socket) => requests.push(socket.url()));
  await page.goto(address);
  return { page, problems, requests, close: () => context.close() };
}

/** Opens a room from the start page; returns its link. */
export async function createRoom({ page }: DemoPage, name: string): Promise<string> {
  await page.getByTestId('name').fill(name);
  await page.getByTestId('enter').click();
  await shown(page.getByTestId('room'));
  return page.getByTestId('room-link').inputValue();
}

/** Goes in through the join form, which the page must show. */
export async function enterRoom({ page }: DemoPage, name: string): Promise<void> {
  await page.getByTestId('name').fill(name);
  await page.getByTestId('enter').click();
  await shown(page.getByTestId('room'));
}

/** Opens a link and goes in. */
export async function joinByLink(
  browser: Browser,
  link: string,
  name: string,
  options: BrowserContextOptions = {},
): Promise<DemoPage> {
  const demo = await openPage(browser, link, options);
  await enterRoom(demo, name);
  return demo;
}

/** Writes and sends with the keyboard. */
export async function say(page: Page, text: string): Promise<void> {
  const field = page.getByTestId('message-input');
  await field.fill(text);
  await field.press('Enter');
}

/** A message with this text. */
export const message = (page: Page, text: string): Locator => page.getByTestId('message').filter({ hasText: text });

/** The card of a file with this name. */
export const fileCard = (page: Page, name: string): Locator => page.getByTestId('file-card').filter({ hasText: name });

/** Waits until it is on screen. */
export const shown = (locator: Locator): Promise<void> => locator.first().waitFor({ state: 'visible' });

/** Waits until it is not on screen. */
export const gone = (locator: Locator): Promise<void> => locator.first().waitFor({ state: 'hidden' });

/** Waits until the keyboard is there: it goes there once what was changed is drawn. */
export const hasFocus = (locator: Locator): Promise<void> =>
  expect.poll(() => locator.evaluate((element) => element === document.activeElement), { timeout: 20_000 }).toBe(true);

/** Waits until it says so. */
export const says = (locator: Locator, text: string | RegExp): Promise<void> =>
  shown(locator.filter({ hasText: text }));

/** SHA-256 of a file, in hex. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Takes a picture of the page for people to look at. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = join(outDir, 'screenshots');
  await mkdir(folder, { recursive: true });
  // Motion at its end, so that pictures of two runs are alike.
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' });
}

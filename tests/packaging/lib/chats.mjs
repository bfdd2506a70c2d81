// What the examples with a chat in a page are checked with.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { at } from '../../../scripts/lib/run.mjs';

/** @typedef {import('playwright-core').Page} Page */

const TIMEOUT_MS = 60_000;
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** The policy of a careful host. @param {string} relay */
export const strictPolicy = (relay) =>
  [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src ${new URL(relay).origin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');

/**
 * Pages in profiles of their own, and what went wrong in any of them.
 *
 * @param {import('./project.mjs').Project} project
 */
export function chats(project) {
  /** @type {string[]} */
  const problems = [];
  /** @type {Page[]} */
  const pages = [];
  return {
    /** Uncaught errors, failed requests, and the console's warnings and errors. @type {readonly string[]} */
    problems,
    /**
     * Opens a page and fills in who comes. It has no save dialog, which is the system's: a browser without a screen has none.
     *
     * @param {string} name
     * @param {string} address
     * @param {import('playwright-core').BrowserContextOptions} [options]
     */
    async enter(name, address, options = {}) {
      const context = await (await project.browser()).newContext({ permissions: ['clipboard-read', 'clipboard-write'], ...options });
      project.defer(() => context.close());
      context.setDefaultTimeout(TIMEOUT_MS);
      await context.addInitScript(() => void Reflect.deleteProperty(globalThis, 'showSaveFilePicker'));
      const page = await context.newPage();
      page.on('pageerror', ({ message }) => problems.push(`${name}: uncaught: ${message}`));
      page.on('requestfailed', (request) => problems.push(`${name}: failed: ${request.url()}`));
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') problems.push(`${name}: console: ${message.text()}`);
      });
      pages.push(page);
      await page.goto(address);
      await page.getByLabel('Your name').fill(name);
      return page;
    },
    /** Runs `work`; an error of it says what the pages show. @param {() => Promise<void>} work */
    async run(work) {
      try {
        await work();
      } catch (error) {
        const shown = await Promise.all(pages.filter((page) => !page.isClosed()).map((page) => page.locator('body').innerText()));
        throw new Error([String(error), ...problems, ...shown.map((text) => `a page shows:\n${text}`)].join('\n'), { cause: error });
      }
      assert.deepEqual(problems, []);
    },
  };
}

/** Takes a picture for people to look at. @param {Page} page @param {string} name */
export const picture = (page, name) => page.screenshot({ path: at('tests/out/screenshots', `${name}.png`), animations: 'disabled' });

/** Has axe look for what some people could not use. @param {Page} page */
export async function accessible(page) {
  await page.evaluate(readFileSync(AXE, 'utf8'));
  const faults = await page.evaluate(async () => {
    const { axe } = /** @type {{ axe: typeof import('axe-core') }} */ (/** @type {unknown} */ (globalThis));
    const { violations } = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`);
  });
  assert.deepEqual(faults, []);
}

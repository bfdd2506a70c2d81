// One Chromium for all consumers, and pages that fail on whatever a developer would see in the console.

import { BROWSER_FLAGS, findBrowser } from '../../../scripts/lib/browser.mjs';

const RESULT_TIMEOUT_MS = 90_000;

/**
 * @typedef {{ console?: readonly RegExp[] }} PageOptions - `console`: warnings and errors that must come, each of them at least once, and no others.
 */

/** The browser, started when the first page asks for it. */
export function createPages() {
  /** @type {Promise<import('playwright-core').Browser> | undefined} */
  let started;

  async function launch() {
    const { chrome } = findBrowser();
    if (chrome === undefined) throw new Error('no Chrome or Chromium found: set CHROME_PATH');
    // Not at the top: most of the time to start goes into it, and many consumers open no page.
    const { chromium } = await import('playwright-core');
    // The runner handles signals, and closes it.
    return chromium.launch({ executablePath: chrome, args: BROWSER_FLAGS, handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false });
  }

  const browser = () => (started ??= launch());

  return {
    /** The browser itself, for what {@link open} is too simple for. Whoever opens a context closes it. */
    browser,
    /**
     * Opens a page in a profile of its own, and gives what it puts into `#result`.
     *
     * @param {string} url
     * @param {PageOptions} [options]
     * @returns {Promise<string>}
     * @throws On uncaught errors, warnings and errors of the console, failed requests, and when nothing comes.
     */
    async open(url, { console: expected = [] } = {}) {
      const context = await (await browser()).newContext();
      /** @type {string[]} */
      const problems = [];
      try {
        const page = await context.newPage();
        page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
        page.on('crash', () => problems.push('the page crashed'));
        page.on('console', (message) => {
          const matters = message.type() === 'error' || message.type() === 'warning';
          if (matters && !isFavicon(message.location().url)) problems.push(`console: ${message.text()}`);
        });
        page.on('requestfailed', (request) => {
          if (!isFavicon(request.url())) problems.push(`failed: ${request.url()}: ${request.failure()?.errorText}`);
        });
        page.on('response', (answer) => {
          if (answer.status() >= 400 && !isFavicon(answer.url())) problems.push(`${answer.status()}: ${answer.url()}`);
        });
        await page.goto(url);
        const result = page.locator('#result:not(:empty)');
        await result.waitFor({ state: 'attached', timeout: RESULT_TIMEOUT_MS }).catch(() => problems.push('nothing came into #result'));
        const text = (await result.count()) === 0 ? '' : ((await result.textContent()) ?? '');
        const unexpected = problems.filter((problem) => !expected.some((each) => each.test(problem)));
        const missing = expected.filter((each) => !problems.some((problem) => each.test(problem)));
        if (unexpected.length + missing.length > 0) {
          throw new Error([`${url} shows: ${text || '(nothing)'}`, ...unexpected, ...missing.map((each) => `there was no ${each}`)].join('\n'));
        }
        return text;
      } finally {
        await context.close();
      }
    },
    /** Ends the browser. */
    async stop() {
      await (await started?.catch(() => undefined))?.close();
    },
  };
}

/** Browsers ask for it by themselves. @param {string} url */
const isFavicon = (url) => url.endsWith('/favicon.ico');

#!/usr/bin/env node
// Firefox as Playwright's client for WebDriver BiDi wants it. Playwright starts this program as the browser; it starts
// the Firefox at FIREFOX_PATH and stands between the two, for what Firefox lacks:
// - `emulation.setMediaFeaturesOverride`, without which Playwright opens no context, and a screen that is touched. Both
//   are done in the browser's own scope, which Firefox opens to a driver with --remote-allow-system-access.
// - The name of a download: without one, Playwright knows only those that are navigations.
// - A page that has the keyboard although its window is not in front: what is typed at brings its window to the front, as
//   a person would. In others, Firefox tells of no focus and presses no button.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { WebSocket, WebSocketServer } from 'ws';

const program = process.env['FIREFOX_PATH'] || 'firefox';
const firefox = spawn(program, [...process.argv.slice(2), '--remote-allow-system-access'], {
  stdio: ['ignore', 'inherit', 'pipe'],
});
firefox.on('error', ({ message }) => {
  console.error(`cannot run ${program}: ${message}`);
  process.exitCode = 1;
});
firefox.on('exit', (code) => process.exit(code ?? 1));
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => firefox.kill(signal));

createInterface({ input: firefox.stderr }).on('line', (line) => {
  const address = /^WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
  if (address === undefined) return console.error(line);
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (driver, { url }) => relay(driver, new WebSocket(new URL(url ?? '/', address))));
  server.on('listening', () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    console.error(`WebDriver BiDi listening on ws://127.0.0.1:${port}`);
  });
});

/**
 * A message of WebDriver BiDi.
 *
 * @typedef {{ id?: number, method?: string, type?: string, params?: any, result?: any, message?: string }} Message
 */

/** Passes on what comes and goes, in order, but for what Firefox cannot. @param {WebSocket} driver @param {WebSocket} browser */
function relay(driver, browser) {
  /** @type {Map<number, { resolve: (result: any) => void, reject: (reason: Error) => void }>} */
  const asked = new Map();
  // Far below the ids that a driver counts up from 1: BiDi's are up to 2^53 - 1.
  let lastId = 2 ** 52;
  const opened = new Promise((resolve) => browser.on('open', resolve));
  /** @type {Promise<string> | undefined} */
  let own;

  /** @param {string} method @param {object} params @returns {Promise<any>} */
  const ask = (method, params) =>
    new Promise((resolve, reject) => {
      asked.set(++lastId, { resolve, reject });
      browser.send(JSON.stringify({ id: lastId, method, params }));
    });

  /** Runs in the scope of the browser's windows. @param {string} expression */
  async function inBrowser(expression) {
    // The window that Firefox itself has opened, which stays to the end.
    own ??= ask('browsingContext.getTree', { 'moz:scope': 'chrome', maxDepth: 0 }).then(({ contexts }) => contexts[0].context);
    const target = { context: await own };
    const { type, exceptionDetails } = await ask('script.evaluate', { expression, target, awaitPromise: false });
    if (type === 'exception') throw new Error(exceptionDetails.text);
  }

  /** Sets attributes of pages that are there or to come. @param {object} attributes @param {any} params */
  const override = (attributes, { userContexts = [], contexts = [] }) =>
    inBrowser(`(${setOverrides})(...${JSON.stringify([attributes, userContexts, contexts])})`);

  /** @param {any} params */
  const overrideMedia = (params) => {
    const scheme = params.features['prefers-color-scheme'] ?? 'none';
    return override({ prefersColorSchemeOverride: scheme }, params);
  };

  /** @type {string | undefined} The page whose window was brought to the front last. */
  let inFront;

  /** @param {string} context */
  async function bringToFront(context) {
    if (inFront === context) return;
    inFront = context;
    // Where it fails, so does what is to follow, and says why.
    await ask('browsingContext.activate', { context }).catch(() => undefined);
  }

  driver.on('message', async (data) => {
    await opened;
    /** @type {Message} */
    const { id, method, params } = JSON.parse(String(data));
    const answer = (/** @type {object} */ rest) => driver.send(JSON.stringify({ id, ...rest }));
    if (method === 'emulation.setMediaFeaturesOverride') {
      overrideMedia(params).then(
        () => answer({ type: 'success', result: {} }),
        ({ message }) => answer({ type: 'error', error: 'unknown error', message }),
      );
      return;
    }
    // A screen that naturally stands upright is a telephone's.
    if (method === 'emulation.setScreenOrientationOverride' && params.screenOrientation?.natural === 'portrait') {
      override({ touchEventsOverride: 'enabled' }, params).catch(({ message }) => console.error(message));
    }
    if (method === 'input.performActions') await bringToFront(params.context);
    // A new page opens in a window of its own, in front of the others.
    if (method === 'browsingContext.create') inFront = undefined;
    if (method === 'browsingContext.activate') inFront = params.context;
    browser.send(String(data));
  });
  browser.on('message', (data) => {
    /** @type {Message} */
    const message = JSON.parse(String(data));
    const waiting = message.id === undefined ? undefined : asked.get(message.id);
    if (waiting === undefined) return driver.send(nameDownload(message) ? JSON.stringify(message) : String(data));
    asked.delete(/** @type {number} */ (message.id));
    if (message.type === 'success') waiting.resolve(message.result);
    else waiting.reject(new Error(message.message));
  });
  driver.on('close', () => browser.close());
  browser.on('close', () => driver.close());
  browser.on('error', ({ message }) => console.error(message));
}

/** Gives a download a name, if this message tells of one that has none: its address. @param {Message} message */
function nameDownload({ method, params }) {
  if (method !== 'browsingContext.downloadWillBegin' && method !== 'browsingContext.downloadEnd') return false;
  if (params.download || params.navigation) return false;
  // Two of one address at a time would be taken for one; ours are blobs, each with an address of its own.
  params.download = params.url;
  return true;
}

/**
 * Runs in the browser's own scope, from its source: sets these attributes of the browsing contexts of user contexts, of
 * those that are there and of those to come before their pages load, and of single browsing contexts.
 *
 * @param {object} attributes
 * @param {readonly string[]} userContexts
 * @param {readonly string[]} contexts
 */
function setOverrides(attributes, userContexts, contexts) {
  const { ChromeUtils, Services, gBrowserOverrides } = /** @type {any} */ (globalThis);
  const { UserContextManager } = ChromeUtils.importESModule('chrome://remote/content/shared/UserContextManager.sys.mjs');
  const { NavigableManager } = ChromeUtils.importESModule('chrome://remote/content/shared/NavigableManager.sys.mjs');

  /** @type {Map<number, object>} What holds for each user context. */
  const overrides = gBrowserOverrides ?? new Map();
  if (gBrowserOverrides === undefined) {
    Object.assign(globalThis, { gBrowserOverrides: overrides });
    Services.obs.addObserver((/** @type {any} */ context) => {
      // Only those at the top take them; what lies within follows.
      if (context.isContent && context.parent === null) {
        Object.assign(context, overrides.get(context.originAttributes.userContextId));
      }
    }, 'browsing-context-attached');
  }
  for (const id of userContexts) {
    const internal = UserContextManager.getInternalIdById(id);
    overrides.set(internal, { ...overrides.get(internal), ...attributes });
    for (const tab of UserContextManager.getTabsForUserContext(internal)) {
      Object.assign(tab.linkedBrowser.browsingContext, attributes);
    }
  }
  for (const id of contexts) {
    const context = NavigableManager.getBrowsingContextById(id);
    if (context?.parent === null) Object.assign(context, attributes);
  }
}

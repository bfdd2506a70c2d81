// The one place that decides which browser the tests run in: HUSHROOM_BROWSER, or Chromium.

import { chromium, firefox } from 'playwright-core';

import { BROWSER_FLAGS, findBrowser, findFirefox } from '../../scripts/lib/browser.mjs';
import { at } from '../../scripts/lib/run.mjs';
import { WebKitBrowser } from './lib/webkit-page.mjs';

/** @typedef {'chromium' | 'firefox' | 'webkit'} BrowserName */

/** @type {readonly BrowserName[]} */
export const BROWSERS = ['chromium', 'firefox', 'webkit'];

/** The browser that the tests run in. @returns {BrowserName} */
export function browserName() {
  const name = process.env['HUSHROOM_BROWSER'] || 'chromium';
  const found = BROWSERS.find((one) => one === name);
  if (found === undefined) throw new Error(`HUSHROOM_BROWSER is ${name}; there are ${BROWSERS.join(', ')}`);
  return found;
}

/** A microphone that hears beeps, a camera, and a person who allows both. */
const FAKE_DEVICES = {
  chromium: ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
  firefox: { 'media.navigator.streams.fake': true, 'media.navigator.permission.disabled': true },
};

const FIREFOX_PREFS = {
  // A mouse, which a machine without a screen has not: fine, and can hover.
  'ui.primaryPointerCapabilities': 6,
  'ui.allPointerCapabilities': 6,
  // Reading the clipboard asks with a menu that no page can open; what is allowed is for the tests to say.
  'dom.events.testing.asyncClipboard': true,
  // Firefox 153 crashes when axe asks elements for the elements that label them.
  'accessibility.ARIAElementReflection.enabled': false,
};

/**
 * Starts the browser.
 *
 * @param {{ fakeDevices?: boolean, browser?: BrowserName }} [options]
 */
export async function launch({ fakeDevices = false, browser = browserName() } = {}) {
  // Of Playwright's interface it has what the tests use.
  if (browser === 'webkit') {
    return /** @type {import('playwright-core').Browser} */ (/** @type {unknown} */ (await WebKitBrowser.launch()));
  }
  if (browser === 'firefox') return firefox.launch(firefoxOptions(fakeDevices ? FAKE_DEVICES.firefox : {}));
  return chromium.launch(chromiumOptions(fakeDevices ? FAKE_DEVICES.chromium : []));
}

/**
 * Starts the browser with a profile of its own on disk, as people use it: a context that {@link launch} opens is a private
 * one in Chromium. `hidden` makes every window a private one.
 *
 * @param {BrowserName} browser
 * @param {{ hidden?: boolean }} [options]
 */
export async function launchProfile(browser, { hidden = false } = {}) {
  if (browser === 'firefox') {
    return firefox.launchPersistentContext('', firefoxOptions(hidden ? { 'browser.privatebrowsing.autostart': true } : {}));
  }
  if (browser === 'webkit') return /** @type {any} */ (await (await WebKitBrowser.launch()).newContext());
  return chromium.launchPersistentContext('', chromiumOptions(hidden ? ['--incognito'] : []));
}

/** @param {Record<string, string | number | boolean>} prefs */
function firefoxOptions(prefs) {
  const program = findFirefox();
  if (program === undefined) throw new Error('no Firefox found; set FIREFOX_PATH');
  return {
    channel: 'moz-firefox',
    executablePath: at('tests/browsers/firefox.mjs'),
    env: { ...process.env, FIREFOX_PATH: program },
    firefoxUserPrefs: { ...FIREFOX_PREFS, ...prefs },
  };
}

/** @param {readonly string[]} flags */
function chromiumOptions(flags) {
  const { chrome } = findBrowser();
  if (chrome === undefined) throw new Error('no Chrome or Chromium found; set CHROME_PATH');
  return { executablePath: chrome, args: [...BROWSER_FLAGS, ...flags] };
}

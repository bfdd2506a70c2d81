// Finding a Chrome or Chromium, the chromedriver that belongs to it, and a Firefox, for the tests.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const BROWSER_PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
const FIREFOXES = ['firefox', 'firefox-esr'];
const FIREFOX_PLACES = ['/Applications/Firefox.app/Contents/MacOS/firefox'];
const DRIVER_PLACES = [
  '/usr/lib/chromium/chromedriver',
  '/opt/homebrew/bin/chromedriver',
  '/usr/local/bin/chromedriver',
];

/** Flags with which a browser runs the same everywhere: in containers, as root, without a network of its own. */
export const BROWSER_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * The browser and driver of this machine. `CHROME_PATH` and `CHROMEDRIVER` come first, then `PATH`, then usual places.
 *
 * @returns {{ chrome: string | undefined, chromedriver: string | undefined }}
 */
export function findBrowser() {
  const chrome = process.env['CHROME_PATH'] ?? onPath(BROWSERS) ?? BROWSER_PLACES.find((path) => existsSync(path));
  const drivers = [
    process.env['CHROMEDRIVER'],
    onPath(['chromedriver']),
    ...DRIVER_PLACES.filter((path) => existsSync(path)),
  ];
  const version = chrome === undefined ? undefined : majorVersion(chrome);
  // A driver works with browsers of its own version only.
  const chromedriver = drivers.find((path) => path !== undefined && majorVersion(path) === version);
  return { chrome, chromedriver };
}

/** The Firefox of this machine: `FIREFOX_PATH`, then `PATH`, then usual places. @returns {string | undefined} */
export function findFirefox() {
  return process.env['FIREFOX_PATH'] || (onPath(FIREFOXES) ?? FIREFOX_PLACES.find((path) => existsSync(path)));
}

/** The first of these programs that is on `PATH`. @param {readonly string[]} names @returns {string | undefined} */
export function onPath(names) {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

/** @param {string} program */
function majorVersion(program) {
  try {
    return /(\d+)\.\d+\.\d+/.exec(
      execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    )?.[1];
  } catch {
    return undefined;
  }
}

// Installs the browsers that are missing, with what drives them; leaves what is there.
//
//   node tests/browsers/setup.mjs [chromium|firefox|webkit ...]

import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import { findBrowser, findFirefox } from '../../scripts/lib/browser.mjs';
import { run } from '../../scripts/lib/run.mjs';
import { findMiniBrowser, onPath } from './lib/engines.mjs';

/**
 * What each needs, in Debian, and how one sees that it is there.
 *
 * @type {Record<string, { packages: readonly string[], isThere: () => boolean }>}
 */
const BROWSERS = {
  chromium: { packages: ['chromium', 'chromium-driver'], isThere: () => findBrowser().chrome !== undefined },
  // It can do without PulseAudio, except for what plays voices.
  firefox: { packages: ['firefox-esr', 'pulseaudio'], isThere: () => findFirefox() !== undefined },
  webkit: {
    // The driver brings MiniBrowser. WebKitGTK has no headless mode, so it has a screen that nobody sees.
    packages: ['webkit2gtk-driver', 'xvfb'],
    isThere: () => findMiniBrowser() !== undefined && onPath(['WebKitWebDriver']) !== undefined && onPath(['Xvfb']) !== undefined,
  },
};

/**
 * Installs what is missing of these, on Debian as root.
 *
 * @param {readonly string[]} [names]
 * @throws when something is missing and cannot be installed
 */
export async function setupBrowsers(names = Object.keys(BROWSERS)) {
  const missing = () => names.filter((name) => !BROWSERS[name]?.isThere());
  const packages = missing().flatMap((name) => BROWSERS[name]?.packages ?? []);
  if (packages.length > 0 && existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    await run('apt-get', ['update']);
    await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages]);
  }
  const rest = missing();
  if (rest.length > 0) throw new Error(`there is no ${rest.join(', no ')}: install ${packages.join(' ')}, or set CHROME_PATH, FIREFOX_PATH, MINIBROWSER_PATH`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    const named = process.argv.slice(2);
    await setupBrowsers(named.length > 0 ? named : undefined);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

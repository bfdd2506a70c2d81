// The browsers of this machine, each started on an address with a profile of its own and nothing else: no driver is
// needed to run what is in a page.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { BROWSER_FLAGS, findBrowser, findFirefox, onPath } from '../../../scripts/lib/browser.mjs';

/**
 * @typedef {{ program: string, args: (profile: string, url: string) => string[], env?: Record<string, string>,
 *   display?: boolean, prepare?: (profile: string) => Promise<void> }} Engine
 * @typedef {{ close(): Promise<void> }} Running
 */

/**
 * What Safari has and WebKitGTK 2.50 has too, but leaves off: the private file system of an origin. With these MiniBrowser
 * stands in for Safari, without them it is what people have who use GNOME Web.
 */
export const LIKE_SAFARI = '--features=+StorageAPI,+StorageAPIEstimate,+FileSystem,+AccessHandle,+FileSystemWritableStream';

/** Firefox without pages and requests of its own. */
const FIREFOX_PREFS = {
  'browser.shell.checkDefaultBrowser': false,
  'browser.aboutwelcome.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'app.update.enabled': false,
  'app.normandy.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'dom.disable_beforeunload': true,
};

/** @type {Record<string, () => Engine | undefined>} */
const ENGINES = {
  chromium() {
    const program = findBrowser().chrome;
    return program === undefined
      ? undefined
      : { program, args: (profile, url) => ['--headless=new', ...BROWSER_FLAGS, `--user-data-dir=${profile}`, url] };
  },
  firefox() {
    const program = findFirefox();
    if (program === undefined) return undefined;
    return {
      program,
      args: (profile, url) => ['--headless', '--no-remote', '--new-instance', '--profile', profile, url],
      prepare: (profile) =>
        writeFile(
          join(profile, 'user.js'),
          Object.entries(FIREFOX_PREFS).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(''),
        ),
    };
  },
  webkit: () => miniBrowser([]),
  'webkit-opfs': () => miniBrowser([LIKE_SAFARI]),
};

/** @param {string[]} flags @returns {Engine | undefined} */
function miniBrowser(flags) {
  const program = findMiniBrowser();
  if (program === undefined) return undefined;
  return { program, args: (_, url) => [...flags, url], display: true, env: WEBKIT_ENV };
}

/** Without a graphics card, and as root in containers. */
export const WEBKIT_ENV = { WEBKIT_DISABLE_COMPOSITING_MODE: '1', NO_AT_BRIDGE: '1', GDK_BACKEND: 'x11', LIBGL_ALWAYS_SOFTWARE: '1' };

/** The names of all that can be asked for. */
export const ENGINE_NAMES = Object.keys(ENGINES);

/** The small browser that comes with WebKitGTK; `MINIBROWSER_PATH` comes first. @returns {string | undefined} */
export function findMiniBrowser() {
  if (process.env['MINIBROWSER_PATH']) return process.env['MINIBROWSER_PATH'];
  const places = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib', '/usr/libexec'];
  return places
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).filter((name) => /^webkit(2gtk|gtk)-/.test(name)).map((name) => join(folder, name, 'MiniBrowser')))
    .find((path) => existsSync(path));
}

/**
 * Starts a browser on `url`.
 *
 * @param {string} name one of {@link ENGINE_NAMES}
 * @param {string} url
 * @returns {Promise<Running & { pid: number }>}
 * @throws when it is not installed
 */
export async function startEngine(name, url) {
  const engine = ENGINES[name]?.();
  if (engine === undefined) throw new Error(`there is no ${name} here: node tests/browsers/setup.mjs`);
  const profile = await mkdtemp(join(tmpdir(), 'hushroom-browser-'));
  await engine.prepare?.(profile);
  const display = engine.display ? await startDisplay() : undefined;
  const env = { ...process.env, ...ownFolders(profile), ...engine.env, ...(display && { DISPLAY: display.name }) };
  const child = spawnGroup(engine.program, engine.args(profile, url), { env, stdio: 'ignore' });
  await once(child, 'spawn');
  return {
    pid: child.pid ?? 0,
    async close() {
      await endGroup(child);
      await display?.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

/** Where a program shall keep what it otherwise keeps with its user. @param {string} folder */
export function ownFolders(folder) {
  return { HOME: folder, XDG_DATA_HOME: join(folder, 'data'), XDG_CACHE_HOME: join(folder, 'cache'), XDG_CONFIG_HOME: join(folder, 'config') };
}

/** @type {Set<import('node:child_process').ChildProcess>} */
const groups = new Set();
process.on('exit', () => groups.forEach(killGroup));

/**
 * Starts a program in a group of its own, so that all that it starts ends with it. Whoever forgets it leaves nothing behind.
 *
 * @param {string} program @param {readonly string[]} args @param {import('node:child_process').SpawnOptions} options
 */
export function spawnGroup(program, args, options) {
  const child = spawn(program, args, { ...options, detached: true });
  groups.add(child);
  child.once('exit', () => groups.delete(child));
  return child;
}

/** @param {import('node:child_process').ChildProcess} child */
function killGroup(child) {
  try {
    process.kill(-(child.pid ?? NaN), 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

/** @param {import('node:child_process').ChildProcess} child made by {@link spawnGroup} */
export async function endGroup(child) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  killGroup(child);
  await exited;
}

/**
 * A screen that nobody sees.
 *
 * @param {string} [size] width x height x depth
 * @returns {Promise<Running & { name: string }>}
 */
export async function startDisplay(size = '1600x1200x24') {
  const program = onPath(['Xvfb']);
  if (program === undefined) throw new Error('there is no Xvfb here: node tests/browsers/setup.mjs');
  const child = spawnGroup(program, ['-displayfd', '1', '-screen', '0', size, '-nolisten', 'tcp'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines = createInterface({ input: /** @type {import('node:stream').Readable} */ (child.stdout) });
  const number = await new Promise((resolve, reject) => {
    lines.once('line', resolve);
    child.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)));
  });
  return { name: `:${number}`, close: () => endGroup(child) };
}

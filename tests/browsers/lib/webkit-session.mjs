// One WebKitGTK with a screen and a driver of its own. What a driver starts is a private window, and has no private file
// system, even where that is on.

import { EventEmitter, once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, watch, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { onPath } from '../../../scripts/lib/browser.mjs';
import { endGroup, findMiniBrowser, ownFolders, spawnGroup, startDisplay, WEBKIT_ENV } from './engines.mjs';

/** A driver that does not answer must not hold up a test for ever, but scripts may take two minutes. */
const COMMAND_TIMEOUT_MS = 130_000;

/** How W3C names a reference to an element. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/**
 * @typedef {{ colorScheme?: string | null, reducedMotion?: string | null, viewport?: { width: number, height: number } | null }} Looks
 */

/** A failure that the driver tells, by its W3C name. */
export class DriverError extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** Emits `console` with `{ level, text }`, and `download` with the path of a whole file. */
export class WebKitSession extends EventEmitter {
  /** @type {(() => Promise<unknown>)[]} */
  #cleanup = [];
  #url = '';
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();
  /** The folder of all that the browser keeps. */
  folder = '';
  /** @type {Record<string, any>} */
  capabilities = {};

  /** @param {Looks} [looks] */
  static async start(looks = {}) {
    const session = new WebKitSession();
    session.setMaxListeners(0);
    try {
      await session.#start(looks);
    } catch (error) {
      await session.close();
      throw error;
    }
    return session;
  }

  /** @param {Looks} looks */
  async #start({ colorScheme, reducedMotion }) {
    const browser = findMiniBrowser();
    const driver = onPath(['WebKitWebDriver']);
    if (browser === undefined || driver === undefined) throw new Error('WebKitGTK and its driver are not here: node tests/browsers/setup.mjs');
    this.folder = await mkdtemp(join(tmpdir(), 'hushroom-webkit-'));
    this.#cleanup.push(() => rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
    const downloads = join(this.folder, 'downloads');
    const config = join(this.folder, 'config');
    await Promise.all([mkdir(downloads), mkdir(join(config, 'gtk-3.0'), { recursive: true })]);
    await writeFile(join(config, 'user-dirs.dirs'), `XDG_DOWNLOAD_DIR="${downloads}"\n`);
    await writeFile(join(config, 'gtk-3.0/settings.ini'), `[Settings]\ngtk-enable-animations=${reducedMotion === 'reduce' ? 0 : 1}\n`);
    await this.#watchDownloads(downloads);

    const display = await startDisplay();
    this.#cleanup.push(() => display.close());
    const port = await freePort();
    const env = { ...process.env, ...ownFolders(this.folder), ...WEBKIT_ENV, DISPLAY: display.name };
    const child = spawnGroup(driver, [`--port=${port}`, '--host=127.0.0.1'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#cleanup.push(() => endGroup(child));
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#onLine(line));
    this.#url = `http://127.0.0.1:${port}`;
    await answers(`${this.#url}/status`, child);

    // The console is in no answer of the driver. Windows of any size are opened by scripts.
    const args = ['--automation', '--enable-write-console-messages-to-stdout=true', '--javascript-can-open-windows-automatically=true'];
    if (colorScheme === 'dark') args.push('--dark-mode');
    const made = await this.#send('POST', '/session', { capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': { binary: browser, args } } } });
    this.#url = `${this.#url}/session/${made.sessionId}`;
    this.capabilities = made.capabilities;
    this.#cleanup.push(() => this.#send('DELETE', '', undefined, 5000).catch(() => undefined));
    await this.call('POST', '/timeouts', { script: 120_000, pageLoad: 60_000 });
  }

  /**
   * One command after the other, each in its window.
   *
   * @param {string} method @param {string} path @param {unknown} [body] @param {string} [handle] of a window
   * @returns {Promise<any>}
   */
  call(method, path, body, handle) {
    const done = this.#last.then(async () => {
      if (handle !== undefined && handle !== this.#current) {
        await this.#send('POST', '/window', { handle });
        this.#current = handle;
      }
      return this.#send(method, path, body);
    });
    this.#last = done.catch(() => undefined);
    return done;
  }
  /** @type {string | undefined} */
  #current;

  /** @param {string} method @param {string} path @param {unknown} body @param {number} [timeoutMs] @returns {Promise<any>} */
  async #send(method, path, body, timeoutMs = COMMAND_TIMEOUT_MS) {
    const response = await fetch(this.#url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
      ...(method === 'POST' && { body: JSON.stringify(body ?? {}) }),
    });
    const { value } = /** @type {any} */ (await response.json());
    if (!response.ok) throw new DriverError(value.error, value.message);
    return value;
  }

  /** @param {string} line */
  #onLine(line) {
    // CONSOLE JS ERROR text, CONSOLE SECURITY ERROR text, CONSOLE LOG text; an address in front.
    const found = /CONSOLE ((?:[A-Z]+ )?)(ERROR|WARN|LOG|INFO|DEBUG) (.*)$/.exec(line);
    if (found === null) return;
    const level = found[2] === 'WARN' ? 'warning' : (found[2] ?? '').toLowerCase();
    this.emit('console', { source: (found[1] ?? '').trim(), level, text: found[3] ?? '' });
  }

  /** @param {string} folder */
  async #watchDownloads(folder) {
    const stop = new AbortController();
    this.#cleanup.push(async () => stop.abort());
    const known = new Set();
    void (async () => {
      try {
        for await (const _ of watch(folder, { signal: stop.signal })) {
          // A file has another name until it is whole.
          const names = await readdir(folder);
          for (const name of names.filter((one) => !known.has(one) && !one.endsWith('.wkdownload') && !names.includes(`${one}.wkdownload`))) {
            known.add(name);
            this.emit('download', join(folder, name));
          }
        }
      } catch (error) {
        if (!stop.signal.aborted) throw error;
      }
    })();
  }

  /** Ends the browser, and forgets all that it kept. */
  async close() {
    for (const end of this.#cleanup.splice(0).reverse()) await end();
  }
}

/** The reference of an element in an answer. @param {Record<string, string>} value @returns {string} */
export const referenceOf = (value) => value[ELEMENT] ?? '';

/** An element, as an argument. @param {string} reference */
export const elementOf = (reference) => ({ [ELEMENT]: reference });

/** @type {Promise<string> | undefined} */
let source;

/** What {@link ../page/driver.js} is, to be run in a page. */
export function driverSource() {
  source ??= build({
    entryPoints: [fileURLToPath(new URL('../page/driver.js', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'iife',
    write: false,
  }).then(({ outputFiles }) => outputFiles[0]?.text ?? '');
  return source;
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until a server answers, which no event tells. @param {string} url @param {import('node:child_process').ChildProcess} child */
async function answers(url, child) {
  for (let tries = 0; ; tries++) {
    try {
      await fetch(url);
      return;
    } catch (error) {
      if (child.exitCode !== null || tries > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

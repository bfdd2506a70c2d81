// Transfers between two pages of a browser, each in a context of its own.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import { chromium } from 'playwright-core';

import { BROWSER_FLAGS, findBrowser } from '../../scripts/lib/browser.mjs';
import { at } from '../../scripts/lib/run.mjs';

const HTML = '<!doctype html><title>Bench</title><input type="file"><script type="module" src="/page.js"></script>';

/** A browser, and a server that gives its pages the package. */
export async function startBrowser() {
  const entry = fileURLToPath(new URL('page.mjs', import.meta.url));
  const bundled = await build({ entryPoints: [entry], bundle: true, write: false, format: 'esm', external: ['/room.js'], logLevel: 'warning' });
  const files = new Map([
    ['/', { type: 'text/html', body: HTML }],
    ['/page.js', { type: 'text/javascript', body: bundled.outputFiles[0]?.text ?? '' }],
    ['/room.js', { type: 'text/javascript', body: readFileSync(at('dist/room.js'), 'utf8') }],
  ]);
  const server = createServer(({ url }, response) => {
    const file = files.get(url ?? '');
    response.writeHead(file === undefined ? 404 : 200, { 'content-type': file?.type ?? 'text/plain' }).end(file?.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  const { chrome } = findBrowser();
  if (chrome === undefined) throw new Error('no Chrome or Chromium found; set CHROME_PATH');
  const browser = await chromium.launch({ executablePath: chrome, args: BROWSER_FLAGS });
  return {
    version: browser.version(),
    /** A page, and how to call its functions. */
    async openSide() {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`http://localhost:${address.port}/`);
      await page.waitForFunction('globalThis.methods !== undefined');
      return {
        /** Chooses a file of this machine in the page. @param {string} path */
        choose: (path) => page.setInputFiles('input', path),
        /** @param {string} method @param {...unknown} args @returns {Promise<any>} */
        call: (method, ...args) => page.evaluate(([name, list]) => /** @type {any} */ (globalThis).methods[name](...list), /** @type {const} */ ([method, args])),
        end: () => context.close(),
      };
    },
    async stop() {
      await browser.close();
      server.close();
    },
  };
}

/**
 * One transfer.
 *
 * @param {Awaited<ReturnType<typeof startBrowser>>} browser
 * @param {'sealed' | 'raw'} kind
 * @param {string} relay
 * @param {number} size
 * @param {{ from?: string, chat?: boolean }} [options] - `from`: a file to send, which goes into the private file system of
 * the other page, instead of made-up bytes and a sink that discards. With `chat`, both pages chat the while.
 */
export async function chromiumTransfer(browser, kind, relay, size, { from, chat = false } = {}) {
  const [sender, receiver] = [await browser.openSide(), await browser.openSide()];
  try {
    if (from !== undefined) await sender.choose(from);
    const code = await receiver.call('receive', kind, relay, size, from !== undefined);
    await sender.call('send', kind, relay, code);
    const finished = receiver.call('finished');
    finished.catch(() => undefined);
    if (chat) await both('startChat');
    const seconds = await sender.call('transfer', size);
    if ((await finished) !== size) throw new Error('not all of the file has come');
    const delays = chat ? await both('stopChat') : [];
    await both('close');
    return { seconds, delays };
  } finally {
    await Promise.all([sender.end(), receiver.end()]);
  }

  /** @param {string} method */
  function both(method) {
    return Promise.all([sender.call(method), receiver.call(method)]);
  }
}

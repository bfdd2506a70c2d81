// The measurements in Chromium, with the package as it is built.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import { chromium } from 'playwright-core';

import { BROWSER_FLAGS, findBrowser } from '../../scripts/lib/browser.mjs';
import { at } from '../../scripts/lib/run.mjs';

const HTML = '<!doctype html><title>Bench</title><script type="module" src="/page.js"></script>';

/** A page of its own for each call, so that none inherits the memory of another. */
export async function startPages() {
  const entry = fileURLToPath(new URL('page.mjs', import.meta.url));
  const bundled = await build({ entryPoints: [entry], bundle: true, write: false, format: 'esm', external: ['/hushroom.js'], logLevel: 'warning' });
  const files = new Map([
    ['/', { type: 'text/html', body: HTML }],
    ['/page.js', { type: 'text/javascript', body: bundled.outputFiles[0]?.text ?? '' }],
    ['/hushroom.js', { type: 'text/javascript', body: readFileSync(at('dist/index.js'), 'utf8') }],
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
    /** @param {'streams' | 'messages'} method @param {Record<string, number>} options @returns {Promise<any>} */
    async call(method, options) {
      const page = await browser.newPage();
      try {
        await page.goto(`http://localhost:${address.port}/`);
        await page.waitForFunction('globalThis.methods !== undefined');
        const result = await page.evaluate(
          ([name, argument]) => /** @type {any} */ (globalThis).methods[name](argument).catch((/** @type {Error} */ error) => ({ failed: String(error) })),
          /** @type {const} */ ([method, options]),
        );
        if ('failed' in result) throw new Error(result.failed);
        return result;
      } finally {
        await page.close();
      }
    },
    async stop() {
      await browser.close();
      server.close();
    },
  };
}

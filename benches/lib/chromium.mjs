// A Chromium, and a server that gives its pages an entry of the package as it is built.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import { chromium } from 'playwright-core';

import { BROWSER_FLAGS, findBrowser } from '../../scripts/lib/browser.mjs';
import { at } from '../../scripts/lib/run.mjs';
import { memoryOf, resetPeak } from './memory.mjs';

const HTML = '<!doctype html><title>Bench</title><input type="file"><script type="module" src="/page.js"></script>';

/**
 * @param {URL} page - The module that the page runs. It leaves its functions in `globalThis.methods`.
 * @param {string} entry - The file of `dist/` that the module imports as `/<entry>`.
 */
export async function startChromium(page, entry) {
  const bundled = await build({
    entryPoints: [fileURLToPath(page)],
    bundle: true,
    write: false,
    format: 'esm',
    external: [`/${entry}`],
    logLevel: 'warning',
  });
  const files = new Map([
    ['/', { type: 'text/html', body: HTML }],
    ['/page.js', { type: 'text/javascript', body: bundled.outputFiles[0]?.text ?? '' }],
    [`/${entry}`, { type: 'text/javascript', body: readFileSync(at('dist', entry), 'utf8') }],
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
    /** A page in a context of its own, so that none inherits the memory of another. */
    async open() {
      const context = await browser.newContext();
      const it = await context.newPage();
      await it.goto(`http://localhost:${address.port}/`);
      await it.waitForFunction('globalThis.methods !== undefined');
      return it;
    },
    /**
     * Begins to watch the memory of the pages. The function says by how many bytes one has grown at its peak: the page that grew
     * most, so there should be one at work. What the browser itself holds does not count.
     */
    async watchMemory() {
      const session = await browser.newBrowserCDPSession();
      const { processInfo } = await session.send('SystemInfo.getProcessInfo');
      await session.detach();
      const pages = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => ({ id, before: memoryOf(id).now }));
      for (const { id } of pages) resetPeak(id);
      return () => Math.max(...pages.map(({ id, before }) => memoryOf(id).peak - before));
    },
    async stop() {
      await browser.close();
      server.close();
    },
  };
}

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Browser, Page } from 'playwright-core';

import type * as HushroomRoom from '../../js/room/index.js';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));

/** What the empty page holds: the built package, loaded as any page would. */
declare global {
  var hush: typeof HushroomRoom;
}

/** Serves the built package and an empty page with no bundler in between. */
export async function servePackage(): Promise<{ url: string; close(): void }> {
  const page = '<!doctype html><title>hushroom</title><script type="module">globalThis.hush = await import("/room.js");</script>';
  const server = createServer((request, response) => {
    if (request.url === '/room.js') {
      void readFile(join(dist, 'room.js')).then((body) => response.setHeader('content-type', 'text/javascript').end(body));
    } else if (request.url === '/') response.setHeader('content-type', 'text/html').end(page);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/`, close: () => void server.close() };
}

/** A page, in a profile of its own, that has the package loaded. */
export async function openPeer(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(() => globalThis.hush !== undefined);
  return page;
}

// A static server for what bundlers make: no cleverer than the simplest of hosts.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

/** @type {Record<string, string>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/**
 * @typedef {{ csp?: string, headers?: Record<string, string> | ((path: string) => Record<string, string>),
 *   onRequest?: (path: string) => void }} ServeOptions - `csp`: the
 * content security policy of everything served. `headers`: of every answer, or by path; they win over our own.
 */

/**
 * Serves a folder on a free port.
 *
 * @param {string} folder
 * @param {ServeOptions} [options]
 * @returns {Promise<{ url: string, stop(): Promise<void> }>} `url` ends with a slash.
 */
export async function serveFolder(folder, { csp, headers = {}, onRequest } = {}) {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname).replace(/\/$/, '/index.html');
    onRequest?.(path);
    response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream');
    if (csp !== undefined) response.setHeader('content-security-policy', csp);
    for (const [name, value] of Object.entries(typeof headers === 'function' ? headers(path) : headers)) response.setHeader(name, value);
    try {
      response.end(await readFile(join(folder, normalize(path))));
    } catch {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('there is no such file');
    }
  });
  await /** @type {Promise<void>} */ (new Promise((resolve) => server.listen(0, '127.0.0.1', resolve)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

import { cpSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';

import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { build as viteBuild, createServer as createViteServer } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { BROWSER_FLAGS, findBrowser } from '../../scripts/lib/browser.mjs';
import { consumer, EXERCISE, filesBelow } from './consumer.js';
import type { Consumer } from './consumer.js';

/** The packed package in real pages: plain, built by Vite, and on Vite's development server. */
let project: Consumer;
let browser: Browser;
const PAGE = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="./main.js"></script>';
const MAIN = `
  import * as api from 'hushroom';
  const run = async () => {${EXERCISE}};
  const show = (result) => { document.title = String(result); };
  run().then(show, show);
`;

beforeAll(async () => {
  project = await consumer();
  const { chrome } = findBrowser();
  if (chrome === undefined) throw new Error('no browser: run npm test, or set CHROME_PATH');
  browser = await chromium.launch({ executablePath: chrome, args: BROWSER_FLAGS });
});
afterAll(async () => {
  await browser.close();
  project.remove();
});

/** Opens `url` and gives the title its script sets, which is 'works'. Fails on every message on the console. */
async function titleOf(url: string): Promise<string> {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  try {
    await page.goto(url);
    await page.waitForFunction(() => document.title !== '');
    expect(problems).toEqual([]);
    return await page.title();
  } finally {
    await page.close();
  }
}

/** Serves a folder with the policy of a careful page, while `work` runs. */
async function serve(folder: string, work: (address: string) => Promise<void>): Promise<void> {
  const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
  const server = createServer((request, response) => {
    const path = join(folder, new URL(request.url ?? '/', 'http://localhost').pathname.replace(/\/$/, '/index.html'));
    if (!existsSync(path)) return void response.writeHead(404).end();
    response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream');
    response.setHeader(
      'content-security-policy',
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; img-src data:",
    );
    response.end(readFileSync(path));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.close();
  }
}

test('runs a module of a plain page', async () => {
  project.write('plain/index.html', PAGE);
  project.write('plain/main.js', MAIN.replace("'hushroom'", "'./hushroom/index.js'"));
  cpSync(join(project.installed, 'dist'), join(project.folder, 'plain/hushroom'), { recursive: true });
  await serve(join(project.folder, 'plain'), async (address) => expect(await titleOf(address)).toBe('works'));
});

test('runs what Vite builds, without a wasm file', async () => {
  project.write('vite/index.html', PAGE);
  project.write('vite/main.js', MAIN);
  const root = join(project.folder, 'vite');
  await viteBuild({
    root,
    base: './',
    configFile: false,
    logLevel: 'error',
    build: { modulePreload: { polyfill: false }, chunkSizeWarningLimit: 4096 },
  });
  expect(filesBelow(join(root, 'dist')).filter((name) => name.endsWith('.wasm'))).toEqual([]);
  await serve(join(root, 'dist'), async (address) => expect(await titleOf(address)).toBe('works'));
});

test('runs what Vite builds of the slim entry, with one', async () => {
  project.write('slim/index.html', PAGE);
  project.write(
    'slim/main.js',
    MAIN.replace("'hushroom'", "'hushroom/slim'")
      .replace('const run', "import address from 'hushroom/core.wasm?url';\nconst run")
      .replace('const code', 'await api.init(address);\nconst code'),
  );
  const root = join(project.folder, 'slim');
  await viteBuild({
    root,
    base: './',
    configFile: false,
    logLevel: 'error',
    build: { modulePreload: { polyfill: false } },
  });
  expect(filesBelow(join(root, 'dist')).filter((name) => name.endsWith('.wasm'))).toHaveLength(1);
  await serve(join(root, 'dist'), async (address) => expect(await titleOf(address)).toBe('works'));
});

test("runs on Vite's development server", async () => {
  project.write('dev/index.html', PAGE);
  project.write('dev/main.js', MAIN);
  const server = await createViteServer({
    root: join(project.folder, 'dev'),
    configFile: false,
    logLevel: 'error',
    server: { port: 0, host: '127.0.0.1' },
  });
  try {
    await server.listen();
    expect(await titleOf(`http://127.0.0.1:${(server.httpServer?.address() as AddressInfo).port}/`)).toBe('works');
  } finally {
    await server.close();
  }
});

// Extensions in a real Chromium that can be left alone: whatever debugs a worker keeps it alive, and Playwright debugs all it can see. It also
// hears every frame of every WebSocket, which is no load to measure speed or memory under.

import { createHash } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';
import { WebSocket } from 'ws';

import { BROWSER_FLAGS, findBrowser } from '../../../scripts/lib/browser.mjs';
import { start } from './processes.mjs';

/** @typedef {Awaited<ReturnType<typeof launchExtensions>>} Extensions */

/** The address of an unpacked extension, which Chromium makes from its folder. @param {string} folder */
export function extensionUrl(folder) {
  const digits = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 32);
  const letters = [...digits].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 16)));
  return `chrome-extension://${letters.join('')}/`;
}

/**
 * Starts a browser with these unpacked extensions, in a profile of its own.
 *
 * @param {...string} folders
 */
export async function launchExtensions(...folders) {
  const { chrome } = findBrowser();
  if (chrome === undefined) throw new Error('no Chrome or Chromium found; set CHROME_PATH');
  const profile = mkdtempSync(join(tmpdir(), 'hushroom-extensions-'));
  const removeProfile = () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  const paths = folders.map((folder) => realpathSync(folder)).join(',');
  const flags = [
    ...BROWSER_FLAGS, '--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`,
    `--load-extension=${paths}`, `--disable-extensions-except=${paths}`,
    // Branded builds ignore the flag above without this.
    '--disable-features=DisableLoadExtensionCommandLineSwitch', 'about:blank',
  ];
  let browser;
  try {
    browser = await start(chrome, flags, { cwd: profile, env: process.env, ready: /DevTools listening on (\S+)/ });
  } catch (error) {
    removeProfile();
    throw error;
  }
  const { url: endpoint, stop } = browser;
  const targets = await watchTargets(endpoint);
  return {
    ...targets,

    /**
     * Runs `work` with Playwright, which keeps every worker awake as long as it lasts. Pages stay open afterwards.
     *
     * @template T
     * @param {(context: import('playwright-core').BrowserContext) => Promise<T>} work
     * @returns {Promise<T>}
     */
    async drive(work) {
      const driven = await chromium.connectOverCDP(endpoint);
      try {
        const [context] = driven.contexts();
        if (context === undefined) throw new Error('the browser has no context');
        context.setDefaultTimeout(20_000);
        return await work(context);
      } finally {
        await driven.close();
      }
    },
    async stop() {
      targets.end();
      await stop();
      removeProfile();
    },
  };
}

/** The browser's targets, none of them attached to. @param {string} endpoint */
async function watchTargets(endpoint) {
  const socket = new WebSocket(endpoint);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  let calls = 0;
  /** @type {Map<number, { resolve(result: any): void, reject(error: Error): void }>} */
  const waiting = new Map();
  /** Running workers by their target. @type {Map<string, string>} */
  const running = new Map();
  /** @type {Set<() => void>} */
  const listeners = new Set();
  socket.on('message', (data) => {
    const { id, result, error, method, params } = JSON.parse(String(data));
    if (id !== undefined) {
      if (error === undefined) waiting.get(id)?.resolve(result);
      else waiting.get(id)?.reject(new Error(error.message));
      waiting.delete(id);
    }
    if (method === 'Target.targetCreated') {
      const { type, targetId, url } = params.targetInfo;
      if (type === 'service_worker') running.set(targetId, url);
    }
    if (method === 'Target.targetDestroyed') running.delete(params.targetId);
    for (const listener of [...listeners]) listener();
  });
  /** @param {string} method @param {object} [params] @param {string} [sessionId] @returns {Promise<any>} */
  const call = (method, params = {}, sessionId) =>
    new Promise((resolve, reject) => {
      waiting.set(++calls, { resolve, reject });
      socket.send(JSON.stringify({ id: calls, method, params, sessionId }));
    });
  await call('Target.setDiscoverTargets', { discover: true });

  return {
    end: () => socket.terminate(),
    /** Whether the worker of the extension at this address is running. @param {string} url */
    runs: (url) => [...running.values()].some((each) => each.startsWith(url)),
    /**
     * Waits until an extension's worker runs, or does not.
     *
     * @param {string} url
     * @param {boolean} runs
     * @param {number} timeoutMs
     * @returns {Promise<void>}
     */
    whenRuns(url, runs, timeoutMs) {
      return new Promise((resolve, reject) => {
        const look = () => {
          if ([...running.values()].some((each) => each.startsWith(url)) !== runs) return;
          clearTimeout(timer);
          listeners.delete(look);
          resolve();
        };
        const timer = setTimeout(() => {
          listeners.delete(look);
          reject(new Error(`the worker of ${url} ${runs ? 'has not started' : 'still runs'} after ${timeoutMs} ms`));
        }, timeoutMs);
        listeners.add(look);
        look();
      });
    },
    /** Ends all workers at once, as Chromium does when it wants their memory. */
    async stopWorkers() {
      const { targetInfos } = await call('Target.getTargets');
      const { targetId } = targetInfos.find((/** @type {any} */ { type }) => type === 'page');
      const { sessionId } = await call('Target.attachToTarget', { targetId, flatten: true });
      await call('ServiceWorker.enable', {}, sessionId);
      await call('ServiceWorker.stopAllWorkers', {}, sessionId);
      await call('Target.detachFromTarget', { sessionId });
    },
  };
}

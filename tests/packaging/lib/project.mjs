// What a consumer's `check` is given.

import { delimiter, join } from 'node:path';

import * as processes from './processes.mjs';
import { serveFolder } from './server.mjs';
import { filesBelow } from './checks.mjs';

/**
 * @typedef {{ env?: Record<string, string>, cwd?: string, timeoutMs?: number }} CommandOptions - `cwd` is relative to the project.
 * @typedef {{ tarball: string, relay: string, pages: ReturnType<typeof import('./pages.mjs').createPages> }} Services
 */

/**
 * The environment of a user's shell: nothing of ours, nor of the npm that runs us, and the project's own programs first.
 *
 * @param {string} folder
 * @returns {NodeJS.ProcessEnv}
 */
export function userEnvironment(folder) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$|NODE_ENV$|NODE_OPTIONS$|VITEST|FORCE_COLOR$)/.test(name));
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((part) => !part.includes('node_modules'));
  // `CI` keeps tools from asking and from drawing; telemetry has no business in a test.
  const quiet = { NO_COLOR: '1', CI: '1', NEXT_TELEMETRY_DISABLED: '1', NUXT_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };
  return { ...Object.fromEntries(inherited), ...quiet, PATH: [join(folder, 'node_modules/.bin'), ...path].join(delimiter) };
}

/** @typedef {ReturnType<typeof createProject>} Project */

/**
 * @param {string} folder
 * @param {Services} services
 */
export function createProject(folder, { tarball, relay, pages }) {
  /** What `close` has to undo, the last first. @type {(() => unknown)[]} */
  const undo = [];
  const options = (/** @type {CommandOptions} */ { env = {}, cwd = '.', ...rest } = {}) => ({
    cwd: join(folder, cwd),
    env: { ...userEnvironment(folder), ...env },
    ...rest,
  });
  return {
    /** The copy of the project, with everything installed. */
    folder,
    /** The address of a relay that all consumers share. */
    relay,
    /** The packed package. */
    tarball,

    /**
     * Runs a program in the project, its own programs first.
     *
     * @param {string} command
     * @param {readonly string[]} args
     * @param {CommandOptions} [more]
     * @returns {Promise<string>} What it printed, standard output and errors as they came, without colours.
     * @throws When it fails, with that; or takes longer than `timeoutMs`, by default five minutes.
     */
    run: (command, args, more) => processes.run(command, args, options(more)),

    /**
     * Starts a server, and waits until its output matches `ready`. It is stopped at the latest when the consumer is done.
     *
     * @param {string} command
     * @param {readonly string[]} args
     * @param {CommandOptions & { ready: RegExp }} more
     * @returns {Promise<processes.Started>} `url` is the first group of the match, or all of it.
     */
    async start(command, args, { ready, ...more }) {
      const started = await processes.start(command, args, { ready, ...options(more) });
      undo.push(started.stop);
      return started;
    },

    /**
     * Serves a folder of the project statically, until the consumer is done.
     *
     * @param {string} path - In the project.
     * @param {import('./server.mjs').ServeOptions} [more]
     * @returns {Promise<string>} The address, with a slash at its end.
     */
    async serve(path, more) {
      const { url, stop } = await serveFolder(join(folder, path), more);
      undo.push(stop);
      return url;
    },

    /**
     * Opens a page in Chromium and gives what it puts into `#result`. The page finds the relay's address in its query, as `relay`.
     *
     * @param {string} url
     * @param {import('./pages.mjs').PageOptions} [more]
     * @returns {Promise<string>}
     * @throws On uncaught errors, warnings and errors of the console that are not expected, failed requests, and when nothing comes.
     */
    page(url, more) {
      const address = new URL(url);
      address.searchParams.set('relay', relay);
      return pages.open(address.href, more);
    },

    /** The Chromium that all consumers share, for what `page` is too simple for. Whoever opens a context closes it. */
    browser: pages.browser,

    /** How many `.wasm` files there are below a folder of the project. @param {string} path */
    wasmFiles: (path) => filesBelow(join(folder, path)).filter((name) => name.endsWith('.wasm')).length,

    /** Has something undone when the consumer is done, well or not. @param {() => unknown} work */
    defer: (work) => void undo.push(work),

    /** Undoes everything. @throws The first error, once all that can be undone is. */
    async close() {
      /** @type {unknown[]} */
      const errors = [];
      for (const work of undo.splice(0).reverse()) {
        try {
          await work();
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw errors[0];
    },
  };
}

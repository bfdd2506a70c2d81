// The measurements in a page. Bundled by `chromium.mjs`, which calls them by name.

import { measureMessages } from './messages.mjs';
import { measureStreams } from './streams.mjs';

const load = () => import(/** @type {string} */ ('/index.js'));

const methods = {
  /** @param {{ total: number, rounds: number }} options */
  streams: async (options) => measureStreams(await load(), options),
  /** @param {{ rounds: number }} options */
  messages: async (options) => measureMessages(await load(), options),
};

Object.assign(globalThis, { methods });

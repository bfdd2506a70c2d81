// The measurements in Node, each in a process of its own: what a heap has been through before shows in WebCrypto's rates. Started
// by `stream.mjs`, which calls the functions below by name.

import { serve } from '../lib/process.mjs';
import { measureMessages } from './messages.mjs';
import { measureStreams } from './streams.mjs';

const load = () => import(/** @type {string} */ ('../../dist/index.js'));

serve({
  /** @param {{ total: number, rounds: number }} options */
  streams: async (options) => measureStreams(await load(), options),
  /** @param {{ rounds: number }} options */
  messages: async (options) => measureMessages(await load(), options),
});

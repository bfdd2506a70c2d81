// One candidate in a process of its own. Started by `peers.mjs`, which calls the functions below by name.

import { openAsBlob } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { memoryOf } from '../../scripts/lib/memory.mjs';
import { serve } from '../lib/process.mjs';
import { measurePeerMessages } from './messages.mjs';
import { soak } from './soak.mjs';
import { measureThroughput } from './throughput.mjs';

const load = () => import(/** @type {string} */ ('../../dist/index.js'));
const RESOLUTION_MS = 1;

function watch() {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return { reset: () => histogram.reset(), longestMs: () => Math.max(0, histogram.max / 1e6 - RESOLUTION_MS) };
}

serve({
  /** @param {{ total: number, rounds: number }} options */
  throughput: (options) => measureThroughput(load, options),
  /** @param {{ rounds: number }} options */
  messages: (options) => measurePeerMessages(load, options),
  /** @param {string} name @param {string} path */
  async soak(name, path) {
    const before = memoryOf(process.pid).now;
    const result = await soak(name, load, await openAsBlob(path), watch);
    return { ...result, growth: memoryOf(process.pid).peak - before };
  },
});

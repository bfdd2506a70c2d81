// The measurements in a page. Bundled by `chromium.mjs`, which calls them by name.

import { measurePeerMessages } from './messages.mjs';
import { soak } from './soak.mjs';
import { measureThroughput } from './throughput.mjs';

const load = () => import(/** @type {string} */ ('/index.js'));
/** What browsers make of shorter ones, when one follows another. */
const TICK_MS = 4;

/** Ticks, and how late the latest of them was. Tells of shorter tasks, too, than the long ones that browsers report. */
function watch() {
  let longest = 0;
  let previous = performance.now();
  const tick = () => {
    const now = performance.now();
    longest = Math.max(longest, now - previous - TICK_MS);
    previous = now;
    setTimeout(tick, TICK_MS);
  };
  setTimeout(tick, TICK_MS);
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
  }).observe({ type: 'longtask' });
  return {
    reset() {
      longest = 0;
      previous = performance.now();
    },
    longestMs: () => longest,
  };
}

Object.assign(globalThis, {
  methods: {
    /** @param {{ total: number, rounds: number }} options */
    throughput: (options) => measureThroughput(load, options),
    /** @param {{ rounds: number }} options */
    messages: (options) => measurePeerMessages(load, options),
    /** The file chosen in the page. @param {string} name */
    async soak(name) {
      const file = document.querySelector('input')?.files?.[0];
      if (file === undefined) throw new Error('no file was chosen');
      return soak(name, load, file, watch);
    },
  },
});

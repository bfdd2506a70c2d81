// The measurement in a page. Bundled by `chromium.mjs`, which calls it by name.

import { streamSize } from './stream.mjs';

Object.assign(globalThis, {
  methods: {
    /** @param {number} size */
    stream: async (size) => streamSize(await import(/** @type {string} */ ('/index.js')), size, () => undefined),
  },
});

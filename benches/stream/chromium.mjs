// The measurements in Chromium, with the package as it is built.

import { startChromium } from '../lib/chromium.mjs';

/** A page of its own for each call. */
export async function startPages() {
  const { open, stop } = await startChromium(new URL('page.mjs', import.meta.url), 'index.js');
  return {
    /** @param {'streams' | 'messages'} method @param {Record<string, number>} options @returns {Promise<any>} */
    async call(method, options) {
      const page = await open();
      try {
        const result = await page.evaluate(
          ([name, argument]) => /** @type {any} */ (globalThis).methods[name](argument).catch((/** @type {Error} */ error) => ({ failed: String(error) })),
          /** @type {const} */ ([method, options]),
        );
        if ('failed' in result) throw new Error(result.failed);
        return result;
      } finally {
        await page.context().close();
      }
    },
    stop,
  };
}

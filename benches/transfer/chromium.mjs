// Transfers between two pages of a browser, each in a context of its own.

import { startChromium } from '../lib/chromium.mjs';

/** A browser whose pages have the package. */
export async function startBrowser() {
  const { version, open, stop } = await startChromium(new URL('page.mjs', import.meta.url), 'room.js');
  return {
    version,
    /** A page, and how to call its functions. */
    async openSide() {
      const page = await open();
      return {
        /** Chooses a file of this machine in the page. @param {string} path */
        choose: (path) => page.setInputFiles('input', path),
        /** @param {string} method @param {...unknown} args @returns {Promise<any>} */
        call: (method, ...args) => page.evaluate(([name, list]) => /** @type {any} */ (globalThis).methods[name](...list), /** @type {const} */ ([method, args])),
        end: () => page.context().close(),
      };
    },
    stop,
  };
}

/**
 * One transfer.
 *
 * @param {Awaited<ReturnType<typeof startBrowser>>} browser
 * @param {'sealed' | 'raw'} kind
 * @param {string} relay
 * @param {number} size
 * @param {{ from?: string, chat?: boolean }} [options] - `from`: a file to send, which goes into the private file system of
 * the other page, instead of made-up bytes and a sink that discards. With `chat`, both pages chat the while.
 */
export async function chromiumTransfer(browser, kind, relay, size, { from, chat = false } = {}) {
  const [sender, receiver] = [await browser.openSide(), await browser.openSide()];
  try {
    if (from !== undefined) await sender.choose(from);
    const code = await receiver.call('receive', kind, relay, size, from !== undefined);
    await sender.call('send', kind, relay, code);
    const finished = receiver.call('finished');
    finished.catch(() => undefined);
    if (chat) await both('startChat');
    const seconds = await sender.call('transfer', size);
    if ((await finished) !== size) throw new Error('not all of the file has come');
    const delays = chat ? await both('stopChat') : [];
    await both('close');
    return { seconds, delays };
  } finally {
    await Promise.all([sender.end(), receiver.end()]);
  }

  /** @param {string} method */
  function both(method) {
    return Promise.all([sender.call(method), receiver.call(method)]);
  }
}

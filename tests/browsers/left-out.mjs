// Tests that cannot be run in a browser, each with the reason. They are never counted as passed.

import { canPlay } from './sound.mjs';

/**
 * @typedef {object} LeftOut
 * @property {string} file - From the top of the checkout.
 * @property {string} test - Its full name: those of the groups around it, and its own.
 * @property {string} reason - What the browser, its driver or the machine lacks.
 */

/** What no machine changes. @type {Record<string, readonly LeftOut[]>} */
export const LEFT_OUT = { firefox: [] };

const SOUND = 'nothing can be played on this machine: install pulseaudio';
const VOICES = ['are recorded with a click, sent, and played where they stand', 'are sent by letting go of a held button'];

/** What is left out here. @param {string} browser @returns {readonly LeftOut[]} */
export function leftOut(browser) {
  const always = LEFT_OUT[browser] ?? [];
  if (browser !== 'firefox' || canPlay()) return always;
  const file = 'tests/e2e/demo-voice.test.ts';
  const silent = ['hush1', 'arthas'].flatMap((protocol) =>
    VOICES.map((test) => ({ file, test: `${protocol}: voice messages ${test}`, reason: SOUND })),
  );
  return [...always, ...silent];
}

// Tests that cannot be run in a browser, each with the reason. They are never counted as passed.

import { canPlay } from './sound.mjs';

/**
 * @typedef {object} LeftOut
 * @property {string} file - From the top of the checkout.
 * @property {string} [test] - Its full name: those of the groups around it, and its own. All of the file without.
 * @property {string} reason - What the browser, its driver or the machine lacks.
 */

const PRIVATE = 'what the driver starts is a private window, which has no private file system (tests/browsers/js/sinks.test.ts has)';

const NO_VOICES = 'WebKitGTK of Debian can record in no format, and has no microphone that is not one';

/** What no machine changes. @type {Record<string, readonly LeftOut[]>} */
export const LEFT_OUT = {
  firefox: [],
  webkit: [
    {
      file: 'tests/e2e/demo.test.ts',
      test: 'coming in the link can be copied and scanned',
      reason: 'a page may write to the clipboard; reading it asks with a menu that no page can open, and the driver cannot allow it',
    },
    {
      file: 'tests/e2e/demo-files.test.ts',
      test: 'files with a save picker the file goes straight to disk, and closing the picker leaves the offer',
      reason: `there is no save picker, and ${PRIVATE}`,
    },
    {
      file: 'tests/e2e/demo-files.test.ts',
      test: 'files an offer can be taken back, and either side can cancel on the way',
      reason: `its file of 2 GiB is more than memory takes, and ${PRIVATE}`,
    },
    {
      file: 'tests/e2e/demo-safety.test.ts',
      test: 'safety numbers where nothing can be kept, the page says so and works all the same',
      reason: "the driver can run a script only when the page's own may have opened the store already",
    },
    ...['wide-light', 'wide-dark', 'narrow-light', 'narrow-dark'].map((look) => ({
      file: 'tests/e2e/demo-looks-rooms.test.ts',
      test: `${look}: no serious accessibility problem where voices are recorded and played`,
      reason: NO_VOICES,
    })),
    {
      file: 'tests/e2e/transfer.test.ts',
      test: 'takes 512 MiB from Chromium to Chromium, from disk to disk',
      reason: PRIVATE,
    },
    { file: 'tests/e2e/demo-voice.test.ts', reason: `${NO_VOICES}; the demo says so when asked to record` },
    { file: 'tests/e2e/demo-scan.test.ts', reason: 'there is no BarcodeDetector, and no camera that is not one' },
  ],
};

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

// Tests that a browser's driver cannot run, each with the reason. They are not run, and never counted as passed.

/**
 * @typedef {object} LeftOut
 * @property {string} file - From the top of the checkout.
 * @property {string} test - Its full name: those of the groups around it, and its own.
 * @property {string} reason - What the driver lacks.
 */

const PRIVATE = 'what the driver starts is a private window, which has no private file system (tests/browsers/js/sinks.test.ts has)';

/** @type {Record<string, readonly LeftOut[]>} */
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
  ],
};

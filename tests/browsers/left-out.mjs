// Tests that a browser's driver cannot run, each with the reason. They are not run, and never counted as passed.

/**
 * @typedef {object} LeftOut
 * @property {string} file - From the top of the checkout.
 * @property {string} test - Its full name: those of the groups around it, and its own.
 * @property {string} reason - What the driver lacks.
 */

/** @type {Record<string, readonly LeftOut[]>} */
export const LEFT_OUT = {
  firefox: [],
};

// Measuring so that ratios mean something: all variants in turn, round after round, and the median of each. What disturbs
// the machine for a while then disturbs them all. Runs in Node and in pages.

import { median } from './stats.mjs';

/**
 * @typedef {object} Variant
 * @property {string} name
 * @property {() => void} [prepare] - What is done before each time and not measured.
 * @property {() => Promise<number>} run - Does the work once, and gives how much that was, in the units of the rate.
 */

/**
 * The median rate of each variant, in units per second.
 *
 * @param {readonly Variant[]} variants
 * @param {number} rounds - One more, which is not counted, warms up.
 * @returns {Promise<Record<string, number>>}
 */
export async function interleave(variants, rounds) {
  const rates = new Map(variants.map(({ name }) => [name, /** @type {number[]} */ ([])]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, prepare, run } of variants) {
      prepare?.();
      const start = performance.now();
      const units = await run();
      if (round > 0) rates.get(name)?.push(units / ((performance.now() - start) / 1000));
    }
  }
  return Object.fromEntries([...rates].map(([name, list]) => [name, median(list)]));
}

// `tests/js` in one browser.

import { startVitest } from 'vitest/node';

import { at } from '../../../scripts/lib/run.mjs';
import { startBridge } from './bridge.mjs';

/**
 * Runs the suite in one browser.
 *
 * @param {string} engine
 * @param {readonly string[]} files parts of file names; none for all
 * @returns {Promise<{ passed: number, failed: number, absent: number }>}
 */
export async function runJs(engine, files) {
  const bridge = await startBridge();
  // What vitest.config.mjs reads: vitest loads it once for itself and once for the server of its pages.
  process.env['HUSHROOM_ENGINE'] = engine;
  process.env['HUSHROOM_BRIDGE'] = bridge.url;
  try {
    const root = at('tests/browsers');
    const vitest = await startVitest('test', [...files], { root, config: `${root}/vitest.config.mjs`, watch: false });
    const modules = vitest.state.getTestModules();
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (/** @type {string} */ state) => tests.filter((test) => test.result().state === state).length;
    // A file that could not be loaded has no tests that fail.
    const broken = modules.filter((module) => !module.ok()).length + vitest.state.getUnhandledErrors().length;
    await vitest.close();
    return { passed: count('passed'), failed: Math.max(count('failed'), broken), absent: count('skipped') };
  } finally {
    await bridge.close();
  }
}

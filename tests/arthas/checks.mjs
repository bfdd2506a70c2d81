import { isDeepStrictEqual } from 'node:util';

/** Counts what holds. Every check is printed; one that fails does not keep the others from running. */
export function createChecks() {
  let passed = 0;
  let failed = 0;
  const check = (/** @type {unknown} */ ok, /** @type {string} */ what, /** @type {unknown} */ detail = undefined) => {
    if (ok) passed += 1;
    else failed += 1;
    console.log(ok ? `ok    ${what}` : `FAIL  ${what}${detail === undefined ? '' : `: ${JSON.stringify(detail).slice(0, 500)}`}`);
  };
  return Object.assign(check, {
    /** @param {unknown} got @param {unknown} expected @param {string} what */
    equal: (got, expected, what) => check(isDeepStrictEqual(got, expected), what, { got, expected }),
    /** Runs checks that belong together. @param {string} name @param {() => Promise<void>} run */
    async group(name, run) {
      try {
        await run();
      } catch (error) {
        check(false, `${name} goes through`, error instanceof Error ? `${error.name}: ${error.message}` : error);
      }
    },
    report() {
      console.log(`with the package: ${passed} checks hold, ${failed} do not`);
      if (failed > 0) process.exitCode = 1;
    },
  });
}

// The suites in real browsers.
//
//   node tests/browsers/run.mjs [chromium|firefox|webkit|webkit-opfs ...] [--suite js|e2e] [files]
//
// `js` is tests/js in a page, `e2e` is tests/e2e with pages driven from outside. Without names: both, in all of them.
// `webkit-opfs` is WebKitGTK with the private file system on, as Safari has it: Debian's has it off. A driven one is a private
// window, which has none in either case, so it is for `js` alone. Needs what `npm run build` makes.

import { run } from '../../scripts/lib/run.mjs';
import { ABSENT_FILES, ABSENT_TESTS } from './lib/absent.mjs';
import { ENGINE_NAMES } from './lib/engines.mjs';
import { runJs } from './lib/js-suite.mjs';
import { runE2e } from './e2e.mjs';
import { setupBrowsers } from './setup.mjs';

const SUITES = ['js', 'e2e'];

const args = process.argv.slice(2);
const option = args.indexOf('--suite');
const suites = option < 0 ? SUITES : args.splice(option, 2).slice(1);
const named = args.filter((arg) => ENGINE_NAMES.includes(arg));
const files = args.filter((arg) => !ENGINE_NAMES.includes(arg));
const engines = named.length > 0 ? named : ENGINE_NAMES;
if (suites.length !== 1 && suites !== SUITES || !suites.every((suite) => SUITES.includes(suite))) {
  console.error(`--suite is one of ${SUITES.join(', ')}`);
  process.exit(2);
}

await setupBrowsers([...new Set(engines.map((name) => name.replace('-opfs', '')))]);
// A part of `e2e`, which `npm run build` leaves out.
if (suites.includes('e2e')) await run('cargo', ['build', '--locked', '-p', 'hushroom-cli']);
/** @type {Record<string, string>[]} */
const table = [];
let allPassed = true;
for (const suite of suites) {
  for (const engine of engines) {
    // Of a suite in which none of the files is, nothing is said.
    if (suite === 'js') {
      console.log(`\n\x1b[1m── js in ${engine}\x1b[0m`);
      const { passed, failed, absent } = await runJs(engine, files);
      allPassed &&= passed > 0 && failed === 0;
      table.push({ suite, browser: engine, result: failed === 0 && passed > 0 ? 'ok' : 'FAIL', tests: `${passed} passed, ${failed} failed, ${absent} not in a page` });
    } else if (engine !== 'webkit-opfs') {
      const passed = await runE2e(/** @type {import('./launch.mjs').BrowserName} */ (engine), files);
      allPassed &&= passed;
      table.push({ suite, browser: engine, result: passed ? 'ok' : 'FAIL', tests: 'as above' });
    }
  }
}
if (suites.includes('js')) {
  console.log('\nNot in a page, and not counted:');
  for (const [file, reason] of Object.entries(ABSENT_FILES)) console.log(`  tests/js/${file}: ${reason}`);
  for (const { file, name, reason } of ABSENT_TESTS) console.log(`  tests/js/${file}, ${name.source}: ${reason}`);
}
console.table(table);
// Vitest leaves handles of its pages open.
process.exit(allPassed ? 0 : 1);

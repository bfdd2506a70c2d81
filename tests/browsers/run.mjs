// The suites in real browsers.
//
//   node tests/browsers/run.mjs [chromium|firefox|webkit|webkit-opfs ...] [--suite js|e2e] [files]
//
// Without names: chromium, firefox and webkit. `js` is tests/js in a page, `e2e` the demo, driven from outside.

import { ABSENT_FILES, ABSENT_TESTS } from './lib/absent.mjs';
import { ENGINE_NAMES } from './lib/engines.mjs';
import { runJs } from './lib/js-suite.mjs';

const args = process.argv.slice(2);
const option = args.indexOf('--suite');
const suite = option < 0 ? 'js' : args.splice(option, 2)[1];
const named = args.filter((arg) => ENGINE_NAMES.includes(arg));
const files = args.filter((arg) => !ENGINE_NAMES.includes(arg));
const engines = named.length > 0 ? named : ['chromium', 'firefox', 'webkit'];

const rows = [];
for (const engine of engines) {
  if (suite === 'js') rows.push({ engine, suite, ...(await runJs(engine, files)) });
}
console.log('\nNot in a page:');
for (const [file, reason] of Object.entries(ABSENT_FILES)) console.log(`  tests/js/${file}: ${reason}`);
for (const { file, name, reason } of ABSENT_TESTS) console.log(`  tests/js/${file}, ${name.source}: ${reason}`);
console.table(rows);
process.exit(rows.every(({ passed, failed }) => passed > 0 && failed === 0) ? 0 : 1);

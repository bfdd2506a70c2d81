// `npm test`: sets up, builds, and runs every test there is. A step that fails does not keep the others from running, and
// makes the whole fail.
//
//   node scripts/test.mjs [step ...]      only these

import { build } from './build.mjs';
import { findBrowser } from './lib/browser.mjs';
import { at, run } from './lib/run.mjs';
import { setup } from './setup.mjs';

const WASM = ['--target', 'wasm32-unknown-unknown'];

/** @type {Record<string, () => Promise<unknown>>} */
const STEPS = {
  format: () => run('cargo', ['fmt', '--all', '--check']),
  lint: () => run('cargo', ['clippy', '--locked', '--workspace', '--all-targets', '--', '-D', 'warnings']),
  'lint-wasm': () => run('cargo', ['clippy', '--locked', ...WASM, '--lib', '--test', 'web*', '--', '-D', 'warnings']),
  'lint-core': () =>
    run('cargo', ['clippy', '--locked', ...WASM, '--lib', '--no-default-features', '--', '-D', 'warnings']),
  rust: () => run('cargo', ['test', '--locked', '--workspace']),
  wasm: testWasm,
  typecheck: () => run('npm', ['run', '--silent', 'typecheck']),
  docs: () => run('node', ['scripts/docs.mjs', '--check']),
  js: () => run('vitest', ['run', '--project', 'js', '--project', 'frameworks', '--project', 'docs'], { env: browserEnv() }),
  // Has a part for the command line, which the step `rust` has built.
  e2e: () => run('vitest', ['run', '--project', 'e2e'], { env: browserEnv() }),
};

/** The bindings in a real browser. */
async function testWasm() {
  const { chromedriver } = findBrowser();
  const options = ['--headless', '--chrome', '--mode', 'no-install', '--chromedriver', chromedriver ?? 'chromedriver'];
  // Seconds for all tests of a file. The ciphers of a debug build take their time.
  const env = { WASM_BINDGEN_TEST_TIMEOUT: '300' };
  // No `--` in front of cargo's options: wasm-pack would hand it on.
  await run('wasm-pack', ['--log-level', 'error', 'test', ...options, at('.'), '--locked', '--test', 'web*'], { env });
}

function browserEnv() {
  const { chrome, chromedriver } = findBrowser();
  return { CHROME_PATH: chrome ?? '', CHROMEDRIVER: chromedriver ?? '' };
}

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in STEPS));
if (unknown.length > 0) {
  console.error(`no such step: ${unknown.join(', ')}; there are ${Object.keys(STEPS).join(', ')}`);
  process.exit(2);
}

/** @type {{ name: string, seconds: number, ok: boolean }[]} */
const results = [];

/** @param {string} name @param {() => Promise<unknown>} step */
async function record(name, step) {
  console.log(`\n\x1b[1m── ${name}\x1b[0m`);
  const start = performance.now();
  let ok = true;
  try {
    await step();
  } catch (error) {
    ok = false;
    console.error(error instanceof Error ? error.message : error);
  }
  results.push({ name, seconds: (performance.now() - start) / 1000, ok });
  return ok;
}

const ready = (await record('setup', () => setup({ browser: true }))) && (await record('build', build));
for (const [name, step] of Object.entries(STEPS)) {
  if (ready && (chosen.length === 0 || chosen.includes(name))) await record(name, step);
}

console.log('');
for (const { name, seconds, ok } of results) {
  console.log(
    `${ok ? '\x1b[32mok  \x1b[0m' : '\x1b[31mFAIL\x1b[0m'} ${name.padEnd(12)} ${seconds.toFixed(1).padStart(7)} s`,
  );
}
if (!ready) console.log('\x1b[31mFAIL\x1b[0m the tests were not run');
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;

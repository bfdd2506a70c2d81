// Makes a checkout ready to build and test, given rustup and Node: installs what is missing, leaves what is there. The
// Rust tools go into `.tools/`, not into the user's own folders.
//
//   node scripts/setup.mjs             to build
//   node scripts/setup.mjs --test      to test too: needs a browser

import { existsSync, rmSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import { findBrowser } from './lib/browser.mjs';
import { at, run, toolsDir } from './lib/run.mjs';

/** The version of wasm-bindgen is the one in Cargo.toml: glue and crate must come from the same. */
const TOOLS = [
  { crate: 'wasm-pack', program: 'wasm-pack', version: '0.15.1', args: ['--locked'] },
  // Not `--locked`: the lock file it ships with names yanked versions.
  { crate: 'wasm-bindgen-cli', program: 'wasm-bindgen', version: '0.2.130', args: [] },
];

/** Installs what is missing. @param {{ browser?: boolean }} [options] */
export async function setup({ browser = false } = {}) {
  await rustTarget();
  await rustTools();
  await nodeModules();
  if (browser) await testBrowser();
}

async function rustTarget() {
  const target = 'wasm32-unknown-unknown';
  try {
    const installed = await run('rustup', ['target', 'list', '--installed'], { quiet: true });
    if (installed.split('\n').includes(target)) return;
  } catch {
    throw new Error('rustup is needed: see https://rustup.rs');
  }
  await run('rustup', ['target', 'add', target]);
}

async function rustTools() {
  const build = at('.tools/target');
  for (const { crate, program, version, args } of TOOLS) {
    if ((await versionOf(program)) === version) continue;
    // One build folder: the tools share most of what they are made of.
    const options = ['--root', toolsDir, '--target-dir', build, '--version', version, '--force', ...args];
    await run('cargo', ['install', crate, ...options]);
  }
  rmSync(build, { recursive: true, force: true });
}

/** The version of a tool in `.tools/`. @param {string} program */
async function versionOf(program) {
  try {
    return (await run(`${toolsDir}/bin/${program}`, ['--version'], { quiet: true })).trim().split(' ')[1];
  } catch {
    return undefined;
  }
}

async function nodeModules() {
  const installed = at('node_modules/.package-lock.json');
  const lock = at('package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  await run('npm', ['ci', '--no-audit', '--no-fund']);
}

async function testBrowser() {
  if (isComplete(findBrowser())) return;
  const isDebianRoot = existsSync('/etc/debian_version') && process.getuid?.() === 0;
  if (isDebianRoot) {
    await run('apt-get', ['update']);
    await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium', 'chromium-driver']);
  }
  const found = findBrowser();
  if (isComplete(found)) return;
  throw new Error(
    `the tests need Chrome or Chromium (${found.chrome ?? 'not found'}) and a chromedriver of the same version ` +
      `(${found.chromedriver ?? 'not found'}): install them, or set CHROME_PATH and CHROMEDRIVER`,
  );
}

/** @param {ReturnType<typeof findBrowser>} found */
function isComplete({ chrome, chromedriver }) {
  return chrome !== undefined && chromedriver !== undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    await setup({ browser: process.argv.includes('--test') });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

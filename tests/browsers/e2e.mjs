// The e2e suite in another browser than Chromium.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { at, environment } from '../../scripts/lib/run.mjs';
import { launch } from './launch.mjs';
import { leftOut } from './left-out.mjs';
import { startSound } from './sound.mjs';

/**
 * Runs the suite, or these files of it, and says what was left out.
 *
 * @param {import('./launch.mjs').BrowserName} browser
 * @param {readonly string[]} [files] - As vitest takes them: parts of their paths.
 * @returns {Promise<boolean>} Whether every test that was run has passed, and at least one was run.
 */
export async function runE2e(browser, files = []) {
  // Fails at once, and once, where there is no such browser.
  const started = await launch({ browser });
  console.log(`\n\x1b[1m── e2e in ${browser} ${started.version()}\x1b[0m`);
  await started.close();

  const chosen = leftOut(browser).filter(({ file }) => files.length === 0 || files.some((part) => file.includes(part)));
  const args = ['run', '--project', 'e2e', ...files];
  for (const { file } of chosen.filter(({ test }) => test === undefined)) args.push('--exclude', file);
  const names = chosen.flatMap(({ test }) => test ?? []);
  if (names.length > 0) args.push('--testNamePattern', allBut(names));
  const sound = browser === 'firefox' ? await startSound() : undefined;
  try {
    const env = { ...environment(), ...sound?.env, HUSHROOM_BROWSER: browser };
    const [code] = await once(spawn('vitest', args, { cwd: at(), env, stdio: 'inherit' }), 'exit');
    console.log(`left out in ${browser}: ${chosen.length || 'none'}`);
    for (const { file, test, reason } of chosen) console.log(`  ${file}: ${test ?? 'all of it'}\n    ${reason}`);
    return code === 0;
  } finally {
    await sound?.stop();
  }
}

/** A pattern for the names of all tests but these. @param {readonly string[]} names */
function allBut(names) {
  const literal = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return `^(?!(${literal.join('|')})$)`;
}

// Running other programs, with the tools of this checkout ahead of those of the machine.

import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** A path inside the checkout. @param {string[]} parts */
export const at = (...parts) => join(root, ...parts);

/** Where the Rust tools of this checkout live. */
export const toolsDir = at('.tools');

/** Cargo's target folder. */
export const targetDir = process.env['CARGO_TARGET_DIR'] ?? at('target');

/** Cargo's own folder. */
export const cargoHome = process.env['CARGO_HOME'] ?? join(homedir(), '.cargo');

/** The environment of child processes: our tools first, rustup's last, nothing else changed. */
export function environment() {
  const path = [join(toolsDir, 'bin'), at('node_modules/.bin'), process.env['PATH'], join(cargoHome, 'bin')];
  return { ...process.env, PATH: path.join(delimiter) };
}

/**
 * Runs a program to its end and fails when it fails. Its output is shown; with `quiet` only if it fails.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, quiet?: boolean }} [options]
 * @returns {Promise<string>} Its standard output, if it was not shown.
 */
export function run(program, args, { cwd = at(), env = {}, quiet = false } = {}) {
  if (!quiet) console.log(`\x1b[2m$ ${[program, ...args].join(' ')}\x1b[0m`);
  const output = quiet ? 'pipe' : 'inherit';
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...environment(), ...env }, stdio: ['ignore', output, output] });
    let text = '';
    let errors = '';
    child.stdout?.on('data', (chunk) => (text += chunk));
    child.stderr?.on('data', (chunk) => (errors += chunk));
    child.on('error', (cause) => reject(new Error(`cannot run ${program}: ${cause.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(text);
      else
        reject(
          new Error(`${program} ${args[0] ?? ''} failed (${signal ?? `exit code ${code}`})\n${text}${errors}`.trim()),
        );
    });
  });
}

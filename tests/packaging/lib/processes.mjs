// Programs of a consumer, each in a process group of its own, so that what they start in turn ends with them.

import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

const RUN_TIMEOUT_MS = 300_000;
const READY_TIMEOUT_MS = 120_000;
/** How long a program may take to end once it is asked to. */
const STOP_TIMEOUT_MS = 5_000;
/** How long the output of a program that has ended is waited for. */
const CLOSE_TIMEOUT_MS = 2_000;
/** Of its output, the end is kept: more than that nobody reads. */
const OUTPUT_CHARACTERS = 400_000;

/**
 * @typedef {{ cwd: string, env: NodeJS.ProcessEnv, timeoutMs?: number }} Options
 * @typedef {{ readonly match: RegExpExecArray, readonly url: string, readonly pid: number, output(): string, stop(): Promise<void> }} Started
 */

/** Process groups that are running. @type {Set<number>} */
const groups = new Set();

/**
 * Ends everything that was started here, at once, however the runner ends: on a crash there is no time to wait. The runner itself must
 * turn signals into an exit.
 */
process.on('exit', () => {
  for (const pid of groups) signalGroup(pid, 'SIGKILL');
});

/**
 * Runs a program to its end.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Options} options
 * @returns {Promise<string>} Standard output and errors, as they came.
 * @throws When it fails or takes too long; the message has the output.
 */
export async function run(command, args, { timeoutMs = RUN_TIMEOUT_MS, ...options }) {
  const child = launch(command, args, options);
  const timer = setTimeout(() => child.end(`took more than ${timeoutMs / 1000} s`), timeoutMs);
  const failure = await child.ended;
  clearTimeout(timer);
  if (failure !== undefined) throw new Error(`${command} ${args.join(' ')}: ${failure}\n${child.output()}`.trim());
  return child.output();
}

/**
 * Starts a program that stays, and waits until its output says that it is ready.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Options & { ready: RegExp }} options - `ready`: looked for in all that was printed so far, without colours.
 * @returns {Promise<Started>} `url` is the first group of the match, or all of it.
 */
export async function start(command, args, { ready, timeoutMs = READY_TIMEOUT_MS, ...options }) {
  const child = launch(command, args, options);
  const name = `${command} ${args.join(' ')}`;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  /** @type {Promise<RegExpExecArray>} */
  const found = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${name}: not ready after ${timeoutMs / 1000} s\n${child.output()}`)), timeoutMs);
    child.onOutput(() => {
      const match = ready.exec(child.output());
      if (match !== null) resolve(match);
    });
    void child.ended.then((failure) => reject(new Error(`${name}: ended${failure === undefined ? '' : `, ${failure}`}\n${child.output()}`)));
  });
  try {
    const match = await found;
    return { match, url: match[1] ?? match[0], pid: child.pid, output: child.output, stop: child.stop };
  } catch (error) {
    await child.stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** @param {string} command @param {readonly string[]} args @param {{ cwd: string, env: NodeJS.ProcessEnv }} options */
function launch(command, args, options) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const pid = child.pid ?? 0;
  if (pid !== 0) groups.add(pid);
  let text = '';
  /** Why we ended it, if we did. @type {string | undefined} */
  let reason;
  /** @type {(() => void)[]} */
  const listeners = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      text = (text + stripVTControlCharacters(chunk)).slice(-OUTPUT_CHARACTERS);
      for (const listener of listeners) listener();
    });
  }
  /** Resolves to what went wrong, if anything did. @type {Promise<string | undefined>} */
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve(`cannot be run: ${error.message}`));
    const settle = () => resolve(reason ?? (child.exitCode === 0 ? undefined : (child.signalCode ?? `exit code ${child.exitCode}`)));
    child.on('exit', () => {
      signalGroup(pid, 'SIGKILL');
      groups.delete(pid);
      // Whoever has left the group may hold its output for ever.
      setTimeout(settle, CLOSE_TIMEOUT_MS).unref();
    });
    child.on('close', settle);
  });
  const end = (/** @type {string} */ why) => {
    reason = why;
    signalGroup(pid, 'SIGKILL');
  };
  return {
    pid,
    ended,
    end,
    output: () => text,
    onOutput: (/** @type {() => void} */ listener) => void listeners.push(listener),
    async stop() {
      signalGroup(pid, 'SIGTERM');
      const timer = setTimeout(() => end('did not stop'), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function signalGroup(pid, signal) {
  try {
    if (pid !== 0) process.kill(-pid, signal);
  } catch {
    // It is gone.
  }
}

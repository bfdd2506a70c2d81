import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { at } from '../../scripts/lib/run.mjs';

/** Arthas members in a Python process. @param {string} interpreter @param {string} relay */
export function startPeer(interpreter, relay) {
  const child = spawn(interpreter, [at('tests/arthas/peer.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  const waiting = new Map();
  let jobs = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, value, error } = JSON.parse(line);
    const job = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) job?.resolve(value);
    else job?.reject(new Error(error));
  });
  child.on('close', () => waiting.forEach(({ reject }) => reject(new Error('the Python process ended'))));
  return {
    /** Has a member do something. @param {string} who @param {string} op @param {object} [options] @returns {Promise<any>} */
    ask(who, op, options = {}) {
      const id = (jobs += 1);
      const needs = op === 'create' || op === 'join' ? { relay } : {};
      child.stdin.write(`${JSON.stringify({ id, op, who, ...needs, ...options })}\n`);
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    stop: () => void child.stdin.end(),
  };
}

// A process of its own, and calls to its functions.

import { fork } from 'node:child_process';

/**
 * Starts a module that ends with `serve`.
 *
 * @param {string} path
 */
export function startProcess(path) {
  const child = fork(path, { serialization: 'advanced' });
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  const waiting = new Map();
  let lastId = 0;
  child.on('message', (/** @type {any} */ { id, result, error }) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(error));
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error(`${path} ended`));
  });
  return {
    /** @param {string} method @param {...any} args @returns {Promise<any>} */
    call: (method, ...args) =>
      new Promise((resolve, reject) => {
        lastId += 1;
        waiting.set(lastId, { resolve, reject });
        child.send({ id: lastId, method, args });
      }),
    end: () => child.disconnect(),
  };
}

/**
 * One call, in a process that does nothing else.
 *
 * @param {string} path - As for {@link startProcess}.
 * @param {string} method
 * @param {...any} args
 * @returns {Promise<any>}
 */
export async function callProcess(path, method, ...args) {
  const side = startProcess(path);
  try {
    return await side.call(method, ...args);
  } finally {
    side.end();
  }
}

/**
 * Answers the calls of the process that started this one, until it lets go.
 *
 * @param {Record<string, (...args: any[]) => any>} methods
 */
export function serve(methods) {
  process.on('message', async (/** @type {any} */ { id, method, args }) => {
    try {
      process.send?.({ id, result: await methods[method]?.(...args) });
    } catch (error) {
      process.send?.({ id, error: String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
}

// Transfers between two Node processes through a relay in a third.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SIDE = fileURLToPath(new URL('side.mjs', import.meta.url));

/** @typedef {'sealed' | 'raw' | 'unmasked'} Kind - With encryption; without; without, and without masking frames either. */

/** A process of its own, and how to call its functions. */
function startSide() {
  const child = fork(SIDE, { serialization: 'advanced' });
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
    for (const { reject } of waiting.values()) reject(new Error('a process of the transfer ended'));
  });
  return {
    /** @param {string} method @param {...unknown} args @returns {Promise<any>} */
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
 * One transfer.
 *
 * @param {Kind} kind
 * @param {string} relay
 * @param {number} size
 * @param {{ from?: string, to?: string, measure?: boolean }} [options] - Paths, instead of made-up bytes and a sink that
 * discards. With `measure`, both sides chat the while and note their memory.
 * @returns Seconds; processor seconds of sender and receiver; delays of what each got said; memory growth of each.
 */
export async function nodeTransfer(kind, relay, size, { from, to, measure = false } = {}) {
  const [sender, receiver] = [startSide(), startSide()];
  try {
    const code = await receiver.call('receive', kind, relay, size, to);
    await sender.call('send', kind, relay, code);
    const finished = receiver.call('finished');
    finished.catch(() => undefined);
    if (measure) await both('measureMemory');
    if (measure && kind === 'sealed') await both('startChat');
    await both('cpuSeconds');
    const seconds = await sender.call('transfer', size, from);
    if ((await finished) !== size) throw new Error('not all of the file has come');
    const cpu = await both('cpuSeconds');
    const delays = measure && kind === 'sealed' ? await both('stopChat') : [];
    const growth = measure ? await both('memoryGrowth') : [];
    await both('close');
    return { seconds, cpu, delays, growth };
  } finally {
    sender.end();
    receiver.end();
  }

  /** @param {string} method */
  function both(method) {
    return Promise.all([sender.call(method), receiver.call(method)]);
  }
}

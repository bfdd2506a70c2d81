// Transfers between two Node processes through a relay in a third.

import { fileURLToPath } from 'node:url';

import { startProcess } from '../lib/process.mjs';

const SIDE = fileURLToPath(new URL('side.mjs', import.meta.url));

/** @typedef {'sealed' | 'raw' | 'unmasked'} Kind - With encryption; without; without, and without masking frames either. */

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
  const [sender, receiver] = [startProcess(SIDE), startProcess(SIDE)];
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

// File transfers through a relay: how fast, with and without encryption; how late chat is the while; how much memory they
// take.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { writeMadeUpFile } from './lib/files.mjs';
import { GIB, median, MIB, percentile, sizeText, table } from './lib/stats.mjs';
import { chromiumTransfer, startBrowser } from './transfer/chromium.mjs';
import { nodeTransfer } from './transfer/node.mjs';
import { startRelay } from './transfer/relay.mjs';

/** @typedef {import('./transfer/node.mjs').Kind} Kind */
/** @typedef {{ seconds: number, cpu?: number[], delays: number[][], growth?: number[] }} Result */

/** @type {Record<Kind, string>} */
const KIND_NAMES = { sealed: 'encrypted', raw: 'unencrypted', unmasked: 'unencrypted, unmasked' };

/** @param {{ quick: boolean }} options @returns {Promise<string>} Markdown. */
export async function run({ quick }) {
  const sizes = quick ? { node: GIB / 4, chromium: 64 * MIB, memory: GIB / 2 } : { node: GIB, chromium: 256 * MIB, memory: 2 * GIB };
  const rounds = quick ? 1 : 5;
  const browser = await startBrowser();
  const folder = await mkdtemp(join(tmpdir(), 'hushroom-bench-'));
  try {
    const node = await compare('Node to Node', sizes.node, rounds, ['sealed', 'raw', 'unmasked'], nodeTransfer);
    const pages = await compare('Chromium to Chromium', sizes.chromium, rounds, ['sealed', 'raw'], (kind, relay, size) =>
      chromiumTransfer(browser, kind === 'sealed' ? 'sealed' : 'raw', relay, size),
    );
    const disk = [await nodeDisk(folder, sizes.node), await chromiumDisk(browser, folder, sizes.chromium)];
    const { chat, memory } = await measured(browser, sizes);
    return [
      `## File transfer through a relay\n`,
      `Bytes that cost nothing to read, to a sink that discards them. Median of ${rounds}, the kinds in turn. Unencrypted: \`ws\` as it\n` +
        `is, and without masks, as the package uses it; browsers mask by themselves.\n`,
      table(['', 'size', 'encrypted MiB/s', 'unencrypted', 'ratio', 'aim', 'unmasked too', 'ratio'], [node.row, pages.row]),
      `\nProcessor seconds for each GiB between Node processes, which depend less on what else the machine does:\n`,
      table(['', 'sender', 'receiver'], node.cpu),
      `\nFrom disk to disk, encrypted:\n`,
      table(['', 'size', 'MiB/s'], disk),
      `\nChat while a file runs, a message each way every 100 ms, one way:\n`,
      table(['', 'messages', 'median ms', '95 % below ms', 'limit of the median'], chat),
      `\nMemory growth at its peak during a transfer of ${sizeText(sizes.memory)} between Node processes:\n`,
      table(['', 'MiB', 'limit'], memory),
    ].join('\n');
  } finally {
    await browser.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Encrypted against unencrypted, in turn, through the same relay.
 *
 * @param {string} name
 * @param {number} size
 * @param {number} rounds
 * @param {readonly Kind[]} kinds
 * @param {(kind: Kind, relay: string, size: number) => Promise<Result>} transfer
 */
async function compare(name, size, rounds, kinds, transfer) {
  const relay = await startRelay();
  /** @type {Record<Kind, { rates: number[], cpu: number[][] }>} */
  const measured = { sealed: { rates: [], cpu: [] }, raw: { rates: [], cpu: [] }, unmasked: { rates: [], cpu: [] } };
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const kind of kinds) {
        const { seconds, cpu = [] } = await transfer(kind, relay.url, size);
        measured[kind].rates.push(size / MIB / seconds);
        measured[kind].cpu.push(cpu.map((spent) => (spent * GIB) / size));
        console.error(`${name}, ${kind}: ${(size / MIB / seconds).toFixed(0)} MiB/s`);
      }
    }
  } finally {
    await relay.stop();
  }
  const rate = (/** @type {Kind} */ kind) => median(measured[kind].rates);
  const against = (/** @type {Kind} */ kind) => (kinds.includes(kind) ? [rate(kind).toFixed(0), (rate('sealed') / rate(kind)).toFixed(2)] : ['', '']);
  return {
    row: [name, sizeText(size), rate('sealed').toFixed(0), ...against('raw'), '0.70', ...against('unmasked')],
    cpu: kinds.map((kind) => {
      const side = (/** @type {number} */ index) => median(measured[kind].cpu.map((spent) => spent[index] ?? NaN)).toFixed(2);
      return [KIND_NAMES[kind], side(0), side(1)];
    }),
  };
}

/** @param {string} folder @param {number} size */
async function nodeDisk(folder, size) {
  const from = await writeMadeUpFile(folder, size);
  const { seconds } = await withRelay((relay) => nodeTransfer('sealed', relay.url, size, { from, to: join(folder, 'received') }));
  return ['Node, path to path', sizeText(size), (size / MIB / seconds).toFixed(0)];
}

/** @param {Awaited<ReturnType<typeof startBrowser>>} browser @param {string} folder @param {number} size */
async function chromiumDisk(browser, folder, size) {
  const from = await writeMadeUpFile(folder, size);
  const { seconds } = await withRelay((relay) => chromiumTransfer(browser, 'sealed', relay.url, size, { from }));
  return ['Chromium, chosen file to private file system', sizeText(size), (size / MIB / seconds).toFixed(0)];
}

/** Chat and memory, each with a relay that has done nothing before. @param {Awaited<ReturnType<typeof startBrowser>>} browser @param {{ chromium: number, memory: number }} sizes */
async function measured(browser, sizes) {
  const [node, relayGrowth] = await withRelay(async (relay) => {
    const before = relay.memory().now;
    const result = await nodeTransfer('sealed', relay.url, sizes.memory, { measure: true });
    return /** @type {const} */ ([result, relay.memory().peak - before]);
  });
  const pages = await withRelay((relay) => chromiumTransfer(browser, 'sealed', relay.url, sizes.chromium, { chat: true }));
  const [sender = NaN, receiver = NaN] = node.growth;
  const mib = (/** @type {number} */ bytes) => (bytes / MIB).toFixed(1);
  return {
    chat: [...chatRows('Node', node), ...chatRows('Chromium', pages)],
    memory: [
      ['sender', mib(sender), '96'],
      ['receiver', mib(receiver), '96'],
      ['relay', mib(relayGrowth), '16'],
    ],
  };
}

/** @param {string} name @param {Result} result */
function chatRows(name, { delays: [toSender = [], toReceiver = []] }) {
  const row = (/** @type {string} */ direction, /** @type {number[]} */ delays) => [
    `${name}, ${direction} the file`,
    delays.length,
    median(delays).toFixed(1),
    percentile(delays, 0.95).toFixed(1),
    '100',
  ];
  return [row('with', toReceiver), row('against', toSender)];
}

/** @template T @param {(relay: Awaited<ReturnType<typeof startRelay>>) => Promise<T>} use @returns {Promise<T>} */
async function withRelay(use) {
  const relay = await startRelay();
  try {
    return await use(relay);
  } finally {
    await relay.stop();
  }
}

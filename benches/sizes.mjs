// What a byte costs, and how much memory is taken, from small files to large ones: both should not depend on the size.

import { fileURLToPath } from 'node:url';

import { startChromium } from './lib/chromium.mjs';
import { callProcess } from './lib/process.mjs';
import { GIB, median, MIB, sizeText, table } from './lib/stats.mjs';
import { nodeTransfer } from './transfer/node.mjs';
import { startRelay } from './transfer/relay.mjs';

/** @typedef {{ nsPerByte: number, seconds: number, memory: number }} Point - Memory: by how many bytes it grew at its peak. */
/** @typedef {Map<number, Point>} Curve */

const SIDE = fileURLToPath(new URL('sizes/side.mjs', import.meta.url));
const SIZES = [MIB, 16 * MIB, 256 * MIB, GIB, 4 * GIB];
const QUICK_SIZES = [MIB, 16 * MIB, 128 * MIB, GIB / 2];
/** Transfers of at least this are not repeated. */
const LONG_BYTES = GIB;

/** @param {{ quick: boolean }} options @returns {Promise<import('./lib/report.mjs').Part>} */
export async function run({ quick }) {
  const sizes = quick ? QUICK_SIZES : SIZES;
  console.error('sizes: Node');
  const node = await nodeStreams(sizes);
  console.error('sizes: Chromium');
  const chromium = await chromiumStreams(sizes);
  console.error('sizes: rooms');
  const rooms = await transfers(sizes, quick ? 1 : 3);
  /** @type {[string, Curve][]} */
  const curves = [
    ['Node, encryptStream', node.encrypt],
    ['Node, and decryptStream behind it', node.both],
    ['Chromium, encryptStream', chromium.encrypt],
    ['Chromium, and decryptStream behind it', chromium.both],
    ['Room, a file from Node to Node', rooms],
  ];
  return { text: text(curves, sizes), charts: charts(curves) };
}

/** @typedef {{ encrypt: number, both: number, growth: number }} Measured */

/** @param {readonly number[]} sizes */
async function nodeStreams(sizes) {
  return collect(sizes, (size) => callProcess(SIDE, 'stream', size));
}

/** @param {readonly number[]} sizes */
async function chromiumStreams(sizes) {
  const browser = await startChromium(new URL('sizes/page.mjs', import.meta.url), 'index.js');
  try {
    return await collect(sizes, async (size) => {
      const page = await browser.open();
      try {
        const growth = await browser.watchMemory();
        const seconds = await page.evaluate((length) => /** @type {any} */ (globalThis).methods.stream(length), size);
        return { ...seconds, growth: growth() };
      } finally {
        await page.context().close();
      }
    });
  } finally {
    await browser.stop();
  }
}

/** @param {readonly number[]} sizes @param {(size: number) => Promise<Measured>} measure */
async function collect(sizes, measure) {
  /** @type {Curve} */
  const encrypt = new Map();
  /** @type {Curve} */
  const both = new Map();
  for (const size of sizes) {
    const measured = await measure(size);
    encrypt.set(size, point(size, measured.encrypt, measured.growth));
    both.set(size, point(size, measured.both, measured.growth));
  }
  return { encrypt, both };
}

/**
 * Through a relay, all three on this machine; memory is that of the sender or the receiver, whichever took more.
 *
 * @param {readonly number[]} sizes
 * @param {number} rounds
 */
async function transfers(sizes, rounds) {
  /** @type {Curve} */
  const curve = new Map();
  const relay = await startRelay();
  try {
    for (const size of sizes) {
      const seconds = [];
      const growths = [];
      for (let round = 0; round < (size < LONG_BYTES ? rounds : 1); round += 1) {
        const result = await nodeTransfer('sealed', relay.url, size, { measure: true });
        seconds.push(result.seconds);
        growths.push(Math.max(...result.growth));
      }
      curve.set(size, point(size, median(seconds), Math.max(...growths)));
    }
  } finally {
    await relay.stop();
  }
  return curve;
}

/** @param {number} size @param {number} seconds @param {number} memory @returns {Point} */
const point = (size, seconds, memory) => ({ nsPerByte: (seconds * 1e9) / size, seconds, memory });

/** @param {readonly [string, Curve][]} curves @param {readonly number[]} sizes */
function text(curves, sizes) {
  const columns = sizes.map(sizeText);
  const rows = (/** @type {(point: Point) => string} */ cell) =>
    curves.map(([name, curve]) => [name, ...sizes.map((size) => cell(/** @type {Point} */ (curve.get(size))))]);
  return [
    '## Cost against size\n',
    'Streams from a source that costs nothing to nowhere, each size in a process or page of its own that has warmed up; a file through\n' +
      'a room: a new pair of processes for each, not warmed up, with a message each way every 100 ms. Nanoseconds for each byte:\n',
    table(['', ...columns], rows(({ nsPerByte }) => nsPerByte.toFixed(2))),
    '\nSeconds:\n',
    table(['', ...columns], rows(({ seconds }) => (seconds < 1 ? seconds.toFixed(4) : seconds.toFixed(2)))),
    '\nMemory growth at its peak, MiB (of the page in Chromium; of whichever end took more in a room). Streams there and back share a\n' +
      'process, so they share the figure:\n',
    table(['', ...columns], rows(({ memory }) => (memory / MIB).toFixed(0))),
  ].join('\n');
}

/** @param {readonly [string, Curve][]} curves @returns {import('./lib/plot.mjs').Chart[]} */
function charts(curves) {
  const series = (/** @type {readonly [string, Curve][]} */ list, /** @type {(point: Point) => number} */ value) =>
    list.map(([label, curve]) => ({ label, points: [...curve].map(([size, one]) => /** @type {const} */ ([size, value(one)])) }));
  // Both directions share a process, and its memory.
  const memory = curves.filter(([name]) => !name.includes(' and '));
  const cost = (/** @type {Point} */ { nsPerByte }) => nsPerByte;
  // A room has a chart of its own: what an offer and its answer take lies on few bytes or on many.
  return [
    { kind: 'lines', title: 'Streams: cost against size, nanoseconds for each byte', series: series(curves.slice(0, -1), cost) },
    { kind: 'lines', title: 'A file through a room: cost against size, nanoseconds for each byte', series: series(curves.slice(-1), cost) },
    { kind: 'lines', title: 'Memory growth at its peak against size, MiB', series: series(memory, ({ memory: bytes }) => bytes / MIB) },
  ];
}

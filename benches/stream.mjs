// Streams and messages against bare calls of `crypto.subtle`, in Node and in Chromium.

import { fileURLToPath } from 'node:url';

import { callProcess } from './lib/process.mjs';
import { GIB, KIB, MIB, sizeText, table } from './lib/stats.mjs';
import { startPages } from './stream/chromium.mjs';
import { MESSAGE_SIZES } from './stream/messages.mjs';
import { BLOB_LOOPS, blobName, RAW_IN_FLIGHT, RAW_SIZES, rawName } from './stream/streams.mjs';

/** @typedef {Record<string, number>} Rates */
/** @typedef {Record<number, Rates>} Times */

/** Of the fastest bare loop, for what is read from a file or a Blob, or comes in chunks of a segment's length or more. */
const AIM = '0.90';
/** The default segment size. */
const SEGMENT = 256 * KIB;
/** Four of these are put together for a segment, and each is a turn of the source. */
const SMALL = sizeText(64 * KIB);
const SIDE = fileURLToPath(new URL('stream/side.mjs', import.meta.url));

/** @param {{ quick: boolean }} options @returns {Promise<string>} Markdown. */
export async function run({ quick }) {
  const totals = quick ? { node: GIB / 8, chromium: 64 * MIB } : { node: GIB, chromium: 256 * MIB };
  const rounds = quick ? 1 : 5;
  const pages = await startPages();
  try {
    console.error('stream: Node');
    /** @type {Rates} */
    const node = await nodeCall('streams', { total: totals.node, rounds });
    /** @type {Times} */
    const nodeMessages = await nodeCall('messages', { rounds });
    console.error('stream: Chromium');
    /** @type {Rates} */
    const page = await pages.call('streams', { total: totals.chromium, rounds });
    /** @type {Times} */
    const pageMessages = await pages.call('messages', { rounds });
    return [
      '## Streams\n',
      `The default segment size, ${sizeText(SEGMENT)}, against the fastest bare loop of \`crypto.subtle\` over memory, whatever its size, and beside it\n` +
        `the fastest of the same size; a Blob, which has to be read, against the faster of two such loops that read a Blob. Median of\n` +
        `${rounds}, all in turn.\n`,
      streamTable(node, `Node, ${sizeText(totals.node)}`),
      '',
      streamTable(page, `Chromium, ${sizeText(totals.chromium)}`),
      '\nThe loops of `crypto.subtle.encrypt`, MiB/s:\n',
      rawTable({ Node: node, Chromium: page }),
      '\n## Sealed messages\n',
      'Microseconds for each message. One call is one of `crypto.subtle`, awaited, with an imported key; the same work is key import, IV\n' +
        'and base64url as well, which is what ours does.\n',
      messageTable('Node', nodeMessages),
      '',
      messageTable('Chromium', pageMessages),
    ].join('\n');
  } finally {
    await pages.stop();
  }
}

/** @param {'streams' | 'messages'} method @param {Record<string, number>} options */
const nodeCall = (method, options) => callProcess(SIDE, method, options);

/** @param {Rates} rates @param {string} title */
function streamTable(rates, title) {
  const rows = /** @type {const} */ (['encrypt', 'decrypt']).flatMap((direction) => {
    const loops = (/** @type {number} */ size) => RAW_IN_FLIGHT.map((inFlight) => rawName(direction, size, inFlight));
    const best = fastest(RAW_SIZES.flatMap(loops));
    const sameSize = fastest(loops(SEGMENT));
    const byHand = fastest(BLOB_LOOPS.map((loop) => blobName(direction, loop)));
    const ours = Object.keys(rates).filter((name) => name.startsWith(`${direction}Stream`));
    return [
      ...[...new Set([best, sameSize])].map((name) => [name, ...figures(name, best), '']),
      [byHand, rate(byHand).toFixed(0), '', ''],
      ...ours.map((name) => [name, ...figures(name, name.endsWith('a Blob') ? byHand : best), name.endsWith(SMALL) ? '' : AIM]),
    ];
  });
  return table([title, 'MiB/s', 'ratio', 'aim'], rows);

  /** @param {readonly string[]} names */
  function fastest(names) {
    return names.reduce((a, b) => (rate(b) > rate(a) ? b : a));
  }

  /** @param {string} name @param {string} against */
  function figures(name, against) {
    return [rate(name).toFixed(0), (rate(name) / rate(against)).toFixed(2)];
  }

  /** @param {string} name */
  function rate(name) {
    return rates[name] ?? NaN;
  }
}

/** @param {Record<string, Rates>} platforms */
function rawTable(platforms) {
  const rows = Object.entries(platforms).flatMap(([platform, rates]) =>
    RAW_SIZES.map((size) => [
      `${platform}, ${sizeText(size)}`,
      ...RAW_IN_FLIGHT.map((inFlight) => (rates[rawName('encrypt', size, inFlight)] ?? NaN).toFixed(0)),
    ]),
  );
  return table(['', ...RAW_IN_FLIGHT.map((inFlight) => `${inFlight} in flight`)], rows);
}

/** @param {string} title @param {Times} times */
function messageTable(title, times) {
  const rows = MESSAGE_SIZES.flatMap((size) =>
    /** @type {const} */ ([
      ['seal', 'sealMessage', 'encrypt'],
      ['open', 'openMessage', 'decrypt'],
    ]).map(([verb, ours, call]) => {
      const time = (/** @type {string} */ name) => times[size]?.[name] ?? NaN;
      const against = (/** @type {string} */ name) => [time(name).toFixed(1), (time(name) / time(ours)).toFixed(2)];
      const aim = size < 4096 ? '3' : '';
      return [`${verb} ${sizeText(size)}`, time(ours).toFixed(1), ...against(call), aim, ...against(`${verb} with crypto.subtle`)];
    }),
  );
  return table([title, 'ours', 'one call', 'ratio', 'aim', 'the same work', 'ratio'], rows);
}

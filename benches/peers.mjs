// Ours against what people would use instead: streams, messages, and what each costs besides time.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startChromium } from './lib/chromium.mjs';
import { writeMadeUpFile } from './lib/files.mjs';
import { callProcess } from './lib/process.mjs';
import { GIB, KIB, MIB, sizeText, table } from './lib/stats.mjs';
import { CANDIDATES } from './peers/candidates.mjs';
import { measureBundles } from './peers/bundles.mjs';
import { MESSAGE_TITLES, PEER_MESSAGE_SIZES } from './peers/messages.mjs';

/** @typedef {Awaited<ReturnType<typeof import('./peers/throughput.mjs').measureThroughput>>} Throughput */
/** @typedef {{ bytes: number, rate: number, firstMs: number, startMs: number, longestMs: number, growth: number }} Soak */
/** @typedef {{ throughput: Throughput, messages: Record<number, Record<string, number>>, soaks: Record<string, Soak> }} Platform */

const SIDE = fileURLToPath(new URL('peers/side.mjs', import.meta.url));

/** @param {{ quick: boolean }} options @returns {Promise<import('./lib/report.mjs').Part>} */
export async function run({ quick }) {
  const sizes = quick ? { total: 64 * MIB, file: 128 * MIB } : { total: GIB / 4, file: GIB / 2 };
  const rounds = quick ? 1 : 5;
  const folder = await mkdtemp(join(tmpdir(), 'hushroom-bench-'));
  const browser = await startChromium(new URL('peers/page.mjs', import.meta.url), 'index.js');
  try {
    const file = await writeMadeUpFile(folder, sizes.file);
    const options = { total: sizes.total, rounds };
    console.error('peers: Node');
    const node = await platform(options, { call: nodeCall, soak: (name) => nodeCall('soak', name, file) });
    console.error('peers: Chromium');
    const chromium = await platform(options, {
      call: (method, ...args) => pageCall(browser, method, args),
      soak: (name) => pageSoak(browser, name, file),
    });
    const platforms = { Node: node, Chromium: chromium };
    return { text: text(platforms, await measureBundles(), { ...sizes, rounds }), charts: charts(platforms) };
  } finally {
    await browser.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {{ total: number, rounds: number }} options
 * @param {{ call(method: string, ...args: unknown[]): Promise<any>, soak(name: string): Promise<Soak> }} where
 * @returns {Promise<Platform>}
 */
async function platform(options, { call, soak }) {
  const throughput = await call('throughput', options);
  const messages = await call('messages', options);
  /** @type {Record<string, Soak>} */
  const soaks = {};
  for (const name of Object.keys(CANDIDATES)) soaks[name] = await soak(name);
  return { throughput, messages, soaks };
}

/** @param {string} method @param {...unknown} args */
const nodeCall = (method, ...args) => callProcess(SIDE, method, ...args);

/** @typedef {Awaited<ReturnType<typeof startChromium>>} Browser */

/** A page of its own for each call. @param {Browser} browser @param {string} method @param {unknown[]} args @param {string} [file] - To be chosen before. */
async function pageCall(browser, method, args, file) {
  const page = await browser.open();
  try {
    if (file !== undefined) await page.setInputFiles('input', file);
    const growth = await browser.watchMemory();
    const result = await page.evaluate(([name, list]) => /** @type {any} */ (globalThis).methods[name](...list), /** @type {const} */ ([method, args]));
    return { ...result, growth: growth() };
  } finally {
    await page.context().close();
  }
}

/** @param {Browser} browser @param {string} name @param {string} file */
const pageSoak = (browser, name, file) => pageCall(browser, 'soak', [name], file);

/**
 * @param {Record<string, Platform>} platforms
 * @param {Awaited<ReturnType<typeof measureBundles>>} bundles
 * @param {{ total: number, file: number, rounds: number }} sizes
 */
function text(platforms, bundles, { total, file, rounds }) {
  const kib = (/** @type {number} */ bytes) => (bytes / KIB).toFixed(1);
  return [
    '## Against what people would use instead\n',
    `Streams of ${sizeText(total)} in chunks of 256 KiB that cost nothing, median of ${rounds}, all in turn; slow ones get fewer bytes in a round.\n` +
      '"x ours" is how many times as fast ours is. The bare loop is the faster of 64 KiB with 8 calls in flight and 256 KiB with 4,\n' +
      'over bytes in memory: it reads no stream and hands nothing on. First byte: from the call to the first ciphertext, warm.\n',
    ...Object.entries(platforms).flatMap(([name, { throughput }]) => [throughputTable(name, throughput), '']),
    `A file of ${sizeText(file)} on disk, each candidate in a process or page of its own (slow ones get a part of it). First byte: from loading\n` +
      'the library to the first ciphertext. Memory: how much more than before, at the peak (in Chromium the renderer). Longest:\n' +
      'how long the thread was kept from everything else, while starting and while streaming.\n',
    ...Object.entries(platforms).flatMap(([name, { soaks }]) => [soakTable(name, soaks), '']),
    'Messages, microseconds for each, and how many times as long as ours:\n',
    ...Object.entries(platforms).flatMap(([name, { messages }]) => [messageTable(name, messages), '']),
    'The smallest program that encrypts and decrypts with each, bundled for browsers by esbuild and minified, KiB. WebCrypto and\n' +
      "Arthas' chunking need no library.\n",
    table(
      ['', 'minified', 'gzip', 'Brotli'],
      Object.values(bundles).map(({ title, plain, gzip, brotli }) => [title, kib(plain), kib(gzip), kib(brotli)]),
    ),
  ].join('\n');
}

/** @param {string} platform @param {Throughput} throughput */
function throughputTable(platform, { rates, firstMs }) {
  const rate = (/** @type {string} */ name) => rates[name] ?? NaN;
  const cells = (/** @type {string} */ name) =>
    ['encrypt', 'decrypt'].flatMap((direction) => [
      rate(`${direction} ${name}`).toFixed(0),
      (rate(`${direction} hushroom`) / rate(`${direction} ${name}`)).toFixed(2),
    ]);
  const rows = Object.entries(CANDIDATES).map(([name, { title }]) => [title, ...cells(name), (firstMs[name] ?? NaN).toFixed(2)]);
  return table(
    [platform, 'encrypt MiB/s', 'x ours', 'decrypt MiB/s', 'x ours', 'first byte ms'],
    [['crypto.subtle, a bare loop', ...cells('bare'), ''], ...rows],
  );
}

/** @param {string} platform @param {Record<string, Soak>} soaks */
function soakTable(platform, soaks) {
  const rows = Object.entries(soaks).map(([name, { bytes, rate, firstMs, startMs, longestMs, growth }]) => [
    CANDIDATES[name]?.title ?? name,
    sizeText(bytes),
    rate.toFixed(0),
    firstMs.toFixed(0),
    (growth / MIB).toFixed(0),
    startMs.toFixed(0),
    longestMs.toFixed(0),
  ]);
  return table([platform, 'of it', 'MiB/s', 'first byte ms', 'memory MiB', 'longest at start ms', 'longest ms'], rows);
}

/** @param {string} platform @param {Record<number, Record<string, number>>} messages */
function messageTable(platform, messages) {
  const columns = PEER_MESSAGE_SIZES.flatMap((size) => /** @type {const} */ (['seal', 'open']).map((verb) => ({ size, verb })));
  const time = (/** @type {typeof columns[number]} */ { size, verb }, /** @type {string} */ name) => messages[size]?.[`${verb} ${name}`] ?? NaN;
  const rows = Object.entries(MESSAGE_TITLES).map(([name, title]) => [
    title,
    ...columns.map((column) => `${time(column, name).toFixed(1)} (${(time(column, name) / time(column, 'hushroom')).toFixed(2)})`),
  ]);
  return table([platform, ...columns.map(({ size, verb }) => `${verb} ${sizeText(size)}`)], rows);
}

/** @param {Record<string, Platform>} platforms @returns {import('./lib/plot.mjs').Chart[]} */
function charts(platforms) {
  return Object.entries(platforms).map(([platform, { throughput }]) => ({
    kind: 'bars',
    title: `${platform}: encrypting a stream, MiB/s`,
    bars: ['bare', ...Object.keys(CANDIDATES)].map((name) => ({
      label: CANDIDATES[name]?.title ?? 'crypto.subtle, a bare loop',
      value: throughput.rates[`encrypt ${name}`] ?? NaN,
      ours: name === 'hushroom',
    })),
  }));
}

// One side of a transfer between Node processes. Started by `node.mjs`, which calls the functions below by name.

import { Writable } from 'node:stream';

import { WebSocket } from 'ws';

import { memoryOf } from '../../scripts/lib/memory.mjs';
import { serve } from '../lib/process.mjs';
import { madeUpFile } from './frames.mjs';
import { rawPeer } from './raw.mjs';
import { sealedPeer } from './sealed.mjs';

/** @type {any} */
let side;
let rssBefore = 0;
let cpuBefore = process.cpuUsage();

/** @type {Record<string, (...args: any[]) => unknown>} */
const METHODS = {
  /** @param {import('./node.mjs').Kind} kind @param {string} relay @param {number} size @param {string} [path] */
  async receive(kind, relay, size, path) {
    side = kind === 'sealed' ? await (await sealed()).receive(relay, path ?? discard()) : await raw(kind).receive(relay, size);
    return side.code;
  },
  /** @param {import('./node.mjs').Kind} kind @param {string} relay @param {any} code */
  async send(kind, relay, code) {
    side = await (kind === 'sealed' ? await sealed() : raw(kind)).send(relay, code);
  },
  /** Sends a made-up file, or that of a path; how many seconds it took. @param {number} size @param {string} [path] */
  async transfer(size, path) {
    const file = path ?? madeUpFile(size);
    const start = performance.now();
    await side.transfer(file);
    return (performance.now() - start) / 1000;
  },
  finished: () => side.finished,
  /** Seconds of processor time, of all threads, since the last call. */
  cpuSeconds() {
    const { user, system } = process.cpuUsage(cpuBefore);
    cpuBefore = process.cpuUsage();
    return (user + system) / 1e6;
  },
  startChat: () => side.chat.start(),
  stopChat: () => side.chat.stop(),
  measureMemory() {
    rssBefore = memoryOf(process.pid).now;
  },
  /**
   * Bytes by which the memory has grown at its peak: the highest ever against that when the measurement began. Not by `maxRSS`, which
   * begins with that of the process that started this one.
   */
  memoryGrowth: () => memoryOf(process.pid).peak - rssBefore,
  close: () => side.close(),
};

const discard = () => new Writable({ write: (_chunk, _encoding, done) => done() });

/** The package masks with zeros, as `unmasked` does; `raw` is what anybody gets who uses `ws` as it is. */
class Unmasked extends WebSocket {
  /** @param {string} url */
  constructor(url) {
    super(url, { generateMask: (mask) => mask.fill(0) });
  }
}

/** @param {'raw' | 'unmasked'} kind */
const raw = (kind) => rawPeer(/** @type {any} */ (kind === 'raw' ? WebSocket : Unmasked));

async function sealed() {
  return sealedPeer(await import(/** @type {string} */ ('../../dist/room.node.js')));
}

serve(METHODS);

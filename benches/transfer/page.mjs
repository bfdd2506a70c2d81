// One side of a transfer in a page. Bundled by `chromium.mjs`, which calls the functions below by name.

import { madeUpFile } from './frames.mjs';
import { rawPeer } from './raw.mjs';
import { sealedPeer } from './sealed.mjs';

const OPFS_ENTRY = 'received';
/** @type {any} */
let side;

const sealed = async () => sealedPeer(await import(/** @type {string} */ ('/room.js')));

const methods = {
  /** @param {'sealed' | 'raw'} kind @param {string} relay @param {number} size @param {boolean} store - Into the private file system. */
  async receive(kind, relay, size, store) {
    side = kind === 'raw' ? await rawPeer(WebSocket).receive(relay, size) : await (await sealed()).receive(relay, store ? await privateFile() : new WritableStream());
    return side.code;
  },
  /** @param {'sealed' | 'raw'} kind @param {string} relay @param {any} code */
  async send(kind, relay, code) {
    side = await (kind === 'raw' ? rawPeer(WebSocket) : await sealed()).send(relay, code);
  },
  /** Sends a made-up file, or the one chosen in the page; how many seconds it took. @param {number} size */
  async transfer(size) {
    const file = document.querySelector('input')?.files?.[0] ?? madeUpFile(size);
    const start = performance.now();
    await side.transfer(file);
    return (performance.now() - start) / 1000;
  },
  finished: () => side.finished,
  startChat: () => side.chat.start(),
  stopChat: () => side.chat.stop(),
  close: () => side.close(),
};

async function privateFile() {
  const handle = await (await navigator.storage.getDirectory()).getFileHandle(OPFS_ENTRY, { create: true });
  return handle.createWritable();
}

Object.assign(globalThis, { methods });

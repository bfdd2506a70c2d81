// What the browsers differ in, as far as the package is concerned: measured in each, one after the other, and printed.
//
//   node tests/browsers/differences.mjs [chromium|firefox ...]

import { spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { memoryOf } from '../../scripts/lib/memory.mjs';
import { startRelay } from '../../scripts/lib/relay.mjs';
import { at } from '../../scripts/lib/run.mjs';
import { BROWSERS, launch, launchProfile } from './launch.mjs';

const MIB = 1024 * 1024;
const STREAM_BYTES = 256 * MIB;
const FILE_SIZES = [512 * MIB, 1024 * MIB];
const RUNS = 5;

/** @typedef {import('playwright-core').Page} Page */

/** What a window has, whether private or not. @param {Page} page */
const storage = (page) =>
  page.evaluate(async () => {
    const { hush } = /** @type {any} */ (globalThis);
    /** @param {() => unknown} work */
    const tried = async (work) => {
      try {
        return String((await work()) ?? 'yes');
      } catch (error) {
        return `no (${/** @type {Error} */ (error).name})`;
      }
    };
    const file = { name: 'a.bin', mime: '', size: 3 };
    const entry = async () => (await navigator.storage.getDirectory()).getFileHandle('probe', { create: true });
    // Only workers may have one.
    const worker = (/** @type {string} */ body) => {
      const source = `(async () => { ${body} })().then((it) => postMessage(it ?? 'yes'), (e) => postMessage('no (' + e.name + ')'))`;
      const started = new Worker(URL.createObjectURL(new Blob([source])));
      return new Promise((resolve) => (started.onmessage = ({ data }) => resolve(data)));
    };
    return {
      'save picker': 'showSaveFilePicker' in globalThis ? 'yes' : 'no',
      'OPFS: getDirectory': await tried(async () => void (await navigator.storage.getDirectory())),
      'OPFS: createWritable': await tried(async () => (await (await entry()).createWritable()).abort()),
      'OPFS: createSyncAccessHandle in a worker': await worker(
        "const file = await (await navigator.storage.getDirectory()).getFileHandle('sync', { create: true }); (await file.createSyncAccessHandle()).close();",
      ),
      'IndexedDB': await tried(
        () =>
          new Promise((resolve, reject) => {
            const request = indexedDB.open('probe');
            request.onsuccess = () => resolve('yes');
            request.onerror = () => reject(request.error);
          }),
      ),
      'sink without a picker': await tried(async () => {
        try {
          const sink = await hush.room.opfsSink(file);
          await sink.write(new Uint8Array(3));
          await sink.close();
          return `${sink.kind}, ${(await sink.file()).size} bytes`;
        } catch (error) {
          return `blob (opfsSink: ${/** @type {any} */ (error).code})`;
        }
      }),
      'BLOB_LIMIT_BYTES in a Blob': await tried(async () => {
        const parts = Array.from({ length: 256 }, () => new Uint8Array(1024 * 1024).fill(7));
        const whole = new File(parts, 'a');
        const last = new Uint8Array(await whole.slice(-1).arrayBuffer())[0];
        return `${whole.size / 1024 / 1024} MiB, last byte ${last}`;
      }),
      'storage quota': await tried(async () => `${Math.round(((await navigator.storage.estimate()).quota ?? 0) / 2 ** 30)} GiB`),
    };
  });

/** What a page has. @param {Page} page */
const platform = (page) =>
  page.evaluate(() => {
    /** @param {Transferable} it */
    const transferable = (it) => {
      try {
        structuredClone(it, { transfer: [it] });
        return 'yes';
      } catch (error) {
        return `no (${/** @type {Error} */ (error).name})`;
      }
    };
    /** @param {() => unknown} work */
    const has = (work) => {
      try {
        work();
        return 'yes';
      } catch {
        return 'no';
      }
    };
    const global = /** @type {any} */ (globalThis);
    return {
      'transferable: ReadableStream': transferable(new ReadableStream()),
      'transferable: WritableStream': transferable(new WritableStream()),
      'transferable: TransformStream': transferable(new TransformStream()),
      'ReadableStream: async iterator': Symbol.asyncIterator in ReadableStream.prototype ? 'yes' : 'no',
      'ReadableStream: byte streams': has(() => new ReadableStream({ type: 'bytes' }).getReader({ mode: 'byob' })),
      'Blob.stream': 'stream' in Blob.prototype ? 'yes' : 'no',
      'performance.memory': 'memory' in performance ? 'yes' : 'no',
      'measureUserAgentSpecificMemory': 'measureUserAgentSpecificMemory' in performance ? 'yes' : 'no',
      'long tasks': PerformanceObserver.supportedEntryTypes.includes('longtask') ? 'yes' : 'no',
      'WebSocketStream': 'WebSocketStream' in global ? 'yes' : 'no',
      'wake lock': 'wakeLock' in navigator ? 'yes' : 'no',
      'BarcodeDetector': 'BarcodeDetector' in global ? 'yes' : 'no',
      'voices are recorded as': ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4']
        .filter((type) => MediaRecorder.isTypeSupported(type))
        .join(' '),
    };
  });

/** MiB/s, and their ratio to segments of the same size sealed with `crypto.subtle` alone. @param {Page} page */
const speed = (page) =>
  page.evaluate(
    async ([bytes, runs]) => {
      const { core } = /** @type {any} */ (globalThis).hush;
      const SEGMENT = 256 * 1024;
      const block = crypto.getRandomValues(new Uint8Array(65_536));
      const piece = new Uint8Array(SEGMENT);
      for (let offset = 0; offset < SEGMENT; offset += block.length) piece.set(block, offset);

      async function stream() {
        let left = /** @type {number} */ (bytes);
        const source = new ReadableStream(
          {
            pull(controller) {
              if (left === 0) return controller.close();
              left -= SEGMENT;
              controller.enqueue(piece);
            },
          },
          { highWaterMark: 0 },
        );
        const reader = core.encryptStream(source, core.generateFileKey()).getReader();
        let length = 0;
        for (;;) {
          const { value, done } = await reader.read();
          if (done) return length;
          length += value.length;
        }
      }
      async function raw() {
        const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt']);
        const iv = new Uint8Array(12);
        for (let left = /** @type {number} */ (bytes); left > 0; left -= SEGMENT) {
          iv[0] = (iv[0] ?? 0) + 1;
          await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, piece);
        }
      }
      /** @param {() => Promise<unknown>} work */
      const rate = async (work) => {
        const start = performance.now();
        await work();
        return /** @type {number} */ (bytes) / 1024 / 1024 / ((performance.now() - start) / 1000);
      };
      await stream();
      const streams = [];
      const raws = [];
      // In turn, so that what else the machine does falls on both.
      for (let run = 0; run < /** @type {number} */ (runs); run++) {
        streams.push(await rate(stream));
        raws.push(await rate(raw));
      }
      const median = (/** @type {number[]} */ values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
      return {
        'encryptStream, MiB/s': median(streams).toFixed(0),
        'crypto.subtle in turn, MiB/s': median(raws).toFixed(0),
        ratio: (median(streams) / median(raws)).toFixed(2),
      };
    },
    [STREAM_BYTES, RUNS],
  );

/** Receives a file from another process, into what the package takes by itself. @param {Page} page @param {number} size */
async function receive(page, size) {
  const folder = await mkdtemp(join(tmpdir(), 'hushroom-differences-'));
  const path = join(folder, 'file.bin');
  const relay = await startRelay();
  try {
    const { url } = relay;
    const file = await open(path, 'w');
    const block = Buffer.alloc(MIB);
    for (let left = size; left > 0; left -= MIB) await file.write(randomFillSync(block));
    await file.close();
    const peer = spawn(process.execPath, [at('tests/e2e/peer.mjs'), 'send', url, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const { code } = JSON.parse(await line(peer, /"open"/));
      const watch = watchMemory([relay.pid, peer.pid]);
      const sent = line(peer, /"sent"/);
      const result = await page.evaluate(
        async ([address, invitation]) => {
          const { hush } = /** @type {any} */ (globalThis);
          const room = await hush.room.joinRoom({ relay: address, code: invitation, name: 'Page' });
          try {
            for await (const event of room.events()) {
              if (event.type !== 'file-offer') continue;
              const { kind, file } = await event.offer.accept(await hush.room.opfsSink(event.offer)).done;
              return { kind, size: file.size };
            }
          } finally {
            void room.close();
          }
          return undefined;
        },
        [url, code],
      );
      if (result?.size !== size) throw new Error(`received ${JSON.stringify(result)}`);
      const { seconds } = JSON.parse(await sent);
      const { page: grown, all } = watch.stop();
      const what = `${size / MIB} MiB received`;
      return {
        [`${what}: into`]: result.kind,
        [`${what}: MiB/s`]: (size / MIB / seconds).toFixed(0),
        [`${what}: the page's process grew by, MiB`]: (grown / MIB).toFixed(0),
        [`${what}: all of the browser grew by, MiB`]: (all / MIB).toFixed(0),
      };
    } finally {
      peer.kill('SIGKILL');
    }
  } finally {
    await relay.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The first line of a program's output that fits. @param {import('node:child_process').ChildProcess} child @param {RegExp} pattern */
async function line(child, pattern) {
  const lines = createInterface({ input: /** @type {import('node:stream').Readable} */ (child.stdout) });
  for await (const text of lines) if (pattern.test(text)) return text;
  throw new Error(`a program ended without ${pattern}`);
}

/**
 * Watches the resident memory of all processes that this one has started, but for `others`: `page` is the growth to its
 * peak of the one that grew most, `all` that of their sum. Linux only.
 *
 * @param {readonly (number | undefined)[]} others
 */
function watchMemory(others) {
  /** @type {Map<number, { first: number, peak: number }>} */
  const seen = new Map();
  let first = 0;
  let peak = 0;
  const sample = () => {
    let sum = 0;
    for (const pid of descendants(process.pid)) {
      const { now } = memoryOf(pid);
      // Ours, or gone meanwhile.
      if (others.includes(pid) || Number.isNaN(now)) continue;
      sum += now;
      const known = seen.get(pid) ?? { first: now, peak: now };
      seen.set(pid, { first: known.first, peak: Math.max(known.peak, now) });
    }
    if (first === 0) first = sum;
    peak = Math.max(peak, sum);
  };
  sample();
  const timer = setInterval(sample, 100);
  return {
    stop() {
      clearInterval(timer);
      return { page: Math.max(...[...seen.values()].map((it) => it.peak - it.first)), all: peak - first };
    },
  };
}

/** @param {number} root */
function descendants(root) {
  /** @type {Map<number, number[]>} */
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // Gone meanwhile.
    }
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found.slice(1);
}

/** A page that has the package. */
async function site() {
  const html = `<!doctype html><title>hushroom</title><script type="module">
    const [core, room] = await Promise.all([import('/index.js'), import('/room.js')]);
    globalThis.hush = { core, room };</script>`;
  const server = createServer(async ({ url }, response) => {
    if (url === '/') return response.setHeader('content-type', 'text/html').end(html);
    if (url !== '/index.js' && url !== '/room.js') return response.writeHead(404).end();
    response.setHeader('content-type', 'text/javascript').end(await readFile(at('dist', url.slice(1))));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}

const names = process.argv.slice(2);
const chosen = BROWSERS.filter((name) => names.length === 0 || names.includes(name));
const served = await site();
/** @param {import('playwright-core').BrowserContext} context */
const openPage = async (context) => {
  const page = await context.newPage();
  await page.goto(served.url);
  await page.waitForFunction(() => 'hush' in globalThis);
  return page;
};
/** @type {Record<string, Record<string, string>>} */
const table = {};
for (const name of chosen) {
  const browser = await launch({ browser: name });
  const page = await openPage(await browser.newContext());
  const results = { version: browser.version(), ...(await storage(page)), ...(await platform(page)), ...(await speed(page)) };
  await browser.close();
  for (const size of FILE_SIZES) {
    // Started anew, so that none inherits the memory of another; with a profile on disk, as people have.
    const fresh = await launchProfile(name);
    Object.assign(results, await receive(await openPage(fresh), size));
    await fresh.close();
  }
  const context = await launchProfile(name, { hidden: true });
  const hidden = await storage(await openPage(context));
  await context.close();
  for (const [what, value] of Object.entries(results)) (table[what] ??= {})[name] = value;
  for (const [what, value] of Object.entries(hidden)) (table[`private window: ${what}`] ??= {})[name] = value;
}
served.close();
console.table(table);

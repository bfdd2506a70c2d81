import { spawn } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { open, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';

import type { Room } from '../../js/room/index.js';
import { memoryOf } from '../../scripts/lib/memory.mjs';
import { openPeer, servePackage } from './browser-peer.js';
import { launchBrowser, outDir, startRelay, type Relay } from './helpers.js';

const MIB = 1024 * 1024;
const folder = join(outDir, 'transfer');
const peer = fileURLToPath(new URL('peer.mjs', import.meta.url));
let relay: Relay;

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  relay = await startRelay();
});
afterAll(async () => {
  await relay.kill();
  await rm(folder, { recursive: true, force: true });
});

type Line = { type: string; code?: string; sha256?: string; size?: number; grown?: number; delays?: number[]; seconds?: number };

/** Starts a peer; `line` waits for what it says, and fails when it ends without saying it. */
function startPeer(...args: string[]) {
  const child = spawn(process.execPath, [peer, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async line(type: string): Promise<Line> {
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true) throw new Error(`the peer ended before '${type}'`);
        const line = JSON.parse(value) as Line;
        if (line.type === type) return line;
        if (line.type === 'failed' || line.type === 'error') throw new Error(`the peer says ${line.code}`);
      }
    },
  };
}

/** Random bytes: nothing on the way can have compressed or guessed them. */
async function randomFile(path: string, size: number): Promise<string> {
  const file = await open(path, 'w');
  const sha256 = createHash('sha256');
  const block = Buffer.alloc(8 * MIB);
  for (let written = 0; written < size; written += block.length) {
    randomFillSync(block);
    sha256.update(block);
    await file.write(block);
  }
  await file.close();
  return sha256.digest('hex');
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

it('takes 2 GiB from Node to Node in flat memory, while chat goes on', { timeout: 600_000 }, async () => {
  const size = 2048 * MIB;
  const [from, to] = [join(folder, 'from.bin'), join(folder, 'to.bin')];
  const sha256 = await randomFile(from, size);
  const relayBefore = memoryOf(relay.pid).peak;
  const sender = startPeer('send', relay.url, from);
  const { code } = await sender.line('open');
  const receiver = startPeer('receive', relay.url, to, code ?? '');
  const sent = sender.line('sent');
  const received = await receiver.line('received');
  const { grown: senderGrown, seconds } = await sent;
  const relayGrown = memoryOf(relay.pid).peak - relayBefore;
  const delays = received.delays ?? [];
  console.log(
    `2 GiB in ${seconds?.toFixed(1)} s; grown: sender ${toMib(senderGrown)}, receiver ${toMib(received.grown)}, relay ${toMib(relayGrown)} MiB; ` +
      `chat: median ${median(delays).toFixed(1)} ms of ${delays.length}`,
  );
  expect(received).toMatchObject({ size, sha256 });
  expect(senderGrown).toBeLessThan(96 * MIB);
  expect(received.grown).toBeLessThan(96 * MIB);
  expect(relayGrown).toBeLessThan(16 * MIB);
  expect(delays.length).toBeGreaterThan(5);
  expect(median(delays)).toBeLessThan(100);
});

const toMib = (bytes = Number.NaN) => (bytes / MIB).toFixed(1);

it('takes 512 MiB from Chromium to Chromium, from disk to disk', { timeout: 600_000 }, async () => {
  const [browser, site] = await Promise.all([launchBrowser(), servePackage()]);
  try {
    const [ada, grace] = await Promise.all([openPeer(browser, site.url), openPeer(browser, site.url)]);
    const digest = await makeFile(ada, 512);
    const code = await ada.evaluate(async (url) => {
      const own = await hush.createRoom({ relay: url, name: 'Ada' });
      Object.assign(globalThis, { room: own });
      return own.code;
    }, relay.url);
    await grace.evaluate(async ([url, text]) => {
      const own = await hush.joinRoom({ relay: url!, code: text!, name: 'Grace' });
      Object.assign(globalThis, { room: own, delays: [] });
      void (async () => {
        for await (const event of own.events()) {
          if (event.type !== 'message' || event.fromSelf) continue;
          (globalThis as unknown as { delays: number[] }).delays.push(performance.timeOrigin + performance.now() - Number(event.message.text));
        }
      })();
    }, [relay.url, code]);
    await ada.waitForFunction(() => (globalThis as unknown as { room: Room }).room.members.length === 2);
    const receiving = grace.evaluate(async () => {
      const { room } = globalThis as unknown as { room: Room };
      const offer = await new Promise<ReturnType<typeof room.getSnapshot>['offers'][number]>((resolve) => {
        const look = () => {
          const found = room.getSnapshot().offers[0];
          if (found !== undefined) resolve(found);
        };
        room.subscribe(look);
        look();
      });
      const sink = await hush.opfsSink(offer);
      const { kind, file } = await offer.accept(sink).done;
      if (file === undefined) throw new Error('no file');
      return { kind, name: (file as File).name, size: file.size, digest: await chain(file) };

      async function chain(stored: Blob): Promise<string> {
        let sum = new Uint8Array(32);
        for (let at = 0; at < stored.size; at += 1024 * 1024) {
          const block = await stored.slice(at, at + 1024 * 1024).arrayBuffer();
          const joined = new Uint8Array(64);
          joined.set(sum);
          joined.set(new Uint8Array(await crypto.subtle.digest('SHA-256', block)), 32);
          sum = new Uint8Array(await crypto.subtle.digest('SHA-256', joined));
        }
        return [...sum].map((byte) => byte.toString(16).padStart(2, '0')).join('');
      }
    });
    const seconds = await ada.evaluate(async () => {
      const { room, file } = globalThis as unknown as { room: Room; file: File };
      const timer = setInterval(() => void room.send(String(performance.timeOrigin + performance.now())), 200);
      const start = performance.now();
      await room.sendFile(file, { name: 'half a gigabyte.bin' }).done;
      clearInterval(timer);
      return (performance.now() - start) / 1000;
    });
    expect(await receiving).toEqual({ kind: 'opfs', name: 'half a gigabyte.bin', size: 512 * MIB, digest });
    const delays = await grace.evaluate(() => (globalThis as unknown as { delays: number[] }).delays);
    console.log(`512 MiB in Chromium in ${seconds.toFixed(1)} s; chat: median ${median(delays).toFixed(1)} ms of ${delays.length}`);
    expect(delays.length).toBeGreaterThan(5);
    expect(median(delays)).toBeLessThan(100);
  } finally {
    site.close();
    await browser.close();
  }
});

/** Makes a file of random bytes on the page's disk; its digest: SHA-256 over digest so far and SHA-256 of each MiB. */
function makeFile(page: Page, mebibytes: number): Promise<string> {
  return page.evaluate(async (count) => {
    const folder = await navigator.storage.getDirectory();
    const handle = await folder.getFileHandle('source.bin', { create: true });
    const stream = await handle.createWritable();
    let sum = new Uint8Array(32);
    for (let index = 0; index < count; index++) {
      const block = new Uint8Array(1024 * 1024);
      for (let at = 0; at < block.length; at += 65_536) crypto.getRandomValues(block.subarray(at, at + 65_536));
      await stream.write(block);
      const joined = new Uint8Array(64);
      joined.set(sum);
      joined.set(new Uint8Array(await crypto.subtle.digest('SHA-256', block)), 32);
      sum = new Uint8Array(await crypto.subtle.digest('SHA-256', joined));
    }
    await stream.close();
    Object.assign(globalThis, { file: await handle.getFile() });
    return [...sum].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }, mebibytes);
}

// Where a page puts what it receives, and what it can send: each browser has its own of both.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { decryptStream, encryptStream, generateFileKey } from '../../../js/index.js';
import { createRoom, joinRoom, opfsSink } from '../../../js/room/index.js';
import type { FileSource, Room } from '../../../js/room/index.js';
import { startRelay, type Relay } from '../../e2e/helpers.js';
import { watch } from '../../e2e/watch.js';
import { met } from '../../js/agent-room.js';
import { codeOfAsync } from '../../js/helpers.js';
import { collect, pattern, streamOf } from '../../js/streams.js';

const SIZE = 3_000_001;
const bytes = pattern(SIZE);

// The picker is the system's dialog: nobody is there to answer it.
delete (globalThis as { showSaveFilePicker?: unknown }).showSaveFilePicker;

declare const __ENGINE__: string;

// Said, not asked: a browser that falls back to memory where it need not would else go unnoticed.
const hasFiles = __ENGINE__ !== 'webkit';

let relay: Relay;
let ada: Room;
let grace: Room;

beforeAll(async () => {
  relay = await startRelay();
});
afterAll(() => relay.kill());
beforeEach(async () => {
  ada = await createRoom({ relay: relay.url, name: 'Ada' });
  grace = await joinRoom({ relay: relay.url, code: ada.code, name: 'Grace' });
  await Promise.all([met(ada, 2), met(grace, 2)]);
});
afterEach(() => Promise.all([ada.close(), grace.close()]));

const isSame = (found: Uint8Array) => found.length === SIZE && found.every((byte, index) => byte === bytes[index]);

test(`without a sink a file goes ${hasFiles ? 'into the private file system' : 'into memory'}`, async () => {
  const sees = watch(grace);
  const sending = ada.sendFile(new File([bytes], 'lake.jpg', { type: 'image/jpeg' }));
  const transfer = (await sees.offer()).accept();
  const received = await transfer.done;
  await sending.done;
  expect(received.kind).toBe(hasFiles ? 'opfs' : 'blob');
  const { file } = received as { file: File };
  expect([file.name, file.type, file.size]).toEqual(['lake.jpg', 'image/jpeg', SIZE]);
  expect(isSame(new Uint8Array(await file.arrayBuffer()))).toBe(true);
  // As it is shown, and as it is saved.
  expect(isSame(await collect(file.stream()))).toBe(true);
  const url = URL.createObjectURL(file);
  expect(isSame(new Uint8Array(await (await fetch(url)).arrayBuffer()))).toBe(true);
  URL.revokeObjectURL(url);
});

describe.runIf(hasFiles)('the private file system', () => {
  const names = async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('hushroom', { create: true });
    const found: string[] = [];
    for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) found.push(name);
    return found;
  };

  test('forgets a file that was given up, and those of yesterday', async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('hushroom', { create: true });
    const old = `${Date.now() - 25 * 60 * 60 * 1000}-old`;
    await folder.getFileHandle(old, { create: true });
    const before = (await names()).filter((name) => name !== old);
    const sink = await opfsSink({ name: 'a', mime: '', size: 10 });
    await sink.write(new Uint8Array(10));
    expect(await names()).not.toContain(old);
    await sink.abort(new Error('given up'));
    expect(await names()).toEqual(before);
  });
});

test.runIf(!hasFiles)('without a private file system its sink says so', async () => {
  expect(await codeOfAsync(opfsSink({ name: 'a', mime: '', size: 10 }))).toBe('UNSUPPORTED');
});

const sources: [string, () => FileSource][] = [
  ['a File', () => new File([bytes], 'a')],
  ['part of a Blob', () => new Blob([new Uint8Array(7), bytes, new Uint8Array(7)]).slice(7, 7 + SIZE)],
  ["a Blob's own stream", () => new Blob([bytes]).stream()],
  ['the body of a response', () => new Response(bytes).body as ReadableStream<Uint8Array>],
  ['a stream of small chunks', () => streamOf((function* () { for (let at = 0; at < SIZE; at += 10_007) yield bytes.slice(at, at + 10_007); })())],
];

test.each(sources)('%s goes into a WritableStream', async (_, source) => {
  const sees = watch(grace);
  const sending = ada.sendFile(source(), { name: 'a' });
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const sink = new WritableStream<Uint8Array<ArrayBuffer>>({ write: (chunk) => void parts.push(chunk.slice()) });
  await (await sees.offer()).accept(sink).done;
  await sending.done;
  expect(isSame(new Uint8Array(await new Blob(parts).arrayBuffer()))).toBe(true);
});

test('streams of the package go through pipes, and into a response', async () => {
  const key = generateFileKey();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const piped = encryptStream(new Blob([bytes]), key).pipeTo(writable);
  const opened = new Response(decryptStream(readable, key));
  expect(isSame(new Uint8Array(await opened.arrayBuffer()))).toBe(true);
  await piped;
});

// The layouts and formulas of the documents. Those that can be done here are done here with Node's own cryptography; of the others, the labels
// must be those of the implementation and of a test that was written from the document.

import { createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';

import { expect } from 'vitest';
import { WebSocketServer } from 'ws';

import { decodeFrame, encryptStream, generateFileKey, generateShareCode, parseShareCode, shareLink } from '../../js/index.js';
import type { ShareCodeOptions } from '../../js/index.js';
import { createRoom, joinRoom } from '../../js/room/index.js';
import { at } from '../../scripts/lib/run.mjs';
import { met } from '../js/agent-room.js';
import { collect } from '../js/streams.js';
import type { Block } from './blocks.js';
import type { World } from './world.js';

const sha512 = (...parts: Uint8Array[]) => createHash('sha512').update(Buffer.concat(parts)).digest();

/** Each quoted label of the diagram is in one of these files, and the files that show that it is right are there. */
export const labels =
  (...files: string[]) =>
  ({ code }: Block): void => {
    const sources = files.map((file) => (expect(existsSync(at(file)), file).toBe(true), readFileSync(at(file), 'utf8'))).join('\n');
    for (const [, label = ''] of code.matchAll(/"(hushroom\/1[^"]*)"/g)) {
      // Some end with what the code adds, and signed statements have a name behind a common beginning.
      expect(sources, label).toContain(label.replace(/[| ]+$/, ''));
    }
    for (const [, name = ''] of code.matchAll(/signed\("([^"]+)"/g)) expect(sources, name).toContain(`"${name}"`);
  };

/** Section 1 of the protocol: codes that are made fit the grammar, and what fits it is read. */
export function shareCodes(): void {
  const arthas = /^[\w-]{21}:[\w-]{43}(:\d{1,15}(:\d{1,15})?)?$/;
  const native = /^hush1:[\w-]{21}:[\w-]{43}(:\d{1,15}(:\d{1,15}(:2)?)?)?$/;
  const options: ShareCodeOptions[] = [{}, { ephemeralSeconds: 30 }, { expiresAt: 1_900_000_000 }, { ephemeralSeconds: 30, expiresAt: 1_900_000_000 }];
  for (const option of options) {
    const ours = generateShareCode(option);
    const theirs = generateShareCode({ ...option, protocol: 'arthas' });
    const two = generateShareCode({ ...option, maxMembers: 2 });
    expect(ours).toMatch(native);
    expect(theirs).toMatch(arthas);
    expect(two).toMatch(/^hush1:[\w-]{21}:[\w-]{43}:\d+:\d+:2$/);
    expect(shareLink('https://example.com/', ours)).toBe(`https://example.com/#${ours}`);
    expect(shareLink('https://example.com', theirs)).toBe(`https://example.com/#/join/${theirs}`);
    for (const code of [ours, theirs, two]) expect(parseShareCode(code)).toMatchObject({ ephemeralSeconds: 0, expiresAt: 0, ...option });
  }
}

/** Section 2: what a client shows the relay is the key of the label `admission`. */
export async function keySchedule(): Promise<void> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const asked = once(server, 'connection').then(([socket]: any[]) => once(socket, 'message'));
  const end = new AbortController();
  const code = generateShareCode();
  const { key, roomId } = parseShareCode(code);
  const joining = joinRoom({ relay: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`, code, name: 'Ada', signal: end.signal });
  joining.catch(() => undefined);
  const [frame] = (await asked) as [Buffer];
  const { type, data } = decodeFrame(new Uint8Array(frame));
  expect([type, data['roomId']]).toEqual([0x02, roomId]);
  const expected = hkdfSync('sha256', key, Buffer.from('hushroom/1'), Buffer.from(`admission\0${roomId}`), 32);
  expect(Buffer.from(data['auth'] as Uint8Array).equals(Buffer.from(expected))).toBe(true);
  end.abort();
  await expect(joining).rejects.toThrow();
  for (const client of server.clients) client.terminate();
  server.close();
}

/** Section 4: a file of three segments, taken apart by the formulas. */
export async function files(): Promise<void> {
  const key = generateFileKey();
  const segmentSize = 4096;
  const plaintext = Buffer.alloc(10_000, 'streamed ');
  const associatedData = Buffer.from('bound to this');
  const file = Buffer.from(await collect(encryptStream(plaintext, key, { segmentSize, associatedData })));
  expect(file[0]).toBe(0x28);
  const derived = Buffer.from(hkdfSync('sha256', key, file.subarray(1, 33), associatedData, 32));
  const cells = Math.ceil(file.length / segmentSize);
  const opened = Array.from({ length: cells }, (_, index) => {
    const nonce = Buffer.concat([file.subarray(33, 40), Buffer.alloc(4), Buffer.from([index === cells - 1 ? 1 : 0])]);
    nonce.writeUInt32BE(index, 7);
    const cell = file.subarray(index === 0 ? 40 : index * segmentSize, (index + 1) * segmentSize);
    const cipher = createDecipheriv('aes-256-gcm', derived, nonce).setAuthTag(cell.subarray(-16));
    return Buffer.concat([cipher.update(cell.subarray(0, -16)), cipher.final()]);
  });
  expect(Buffer.concat(opened).equals(plaintext)).toBe(true);
  expect([cells, file.length]).toEqual([3, 40 + plaintext.length + 16 * cells]);
}

const digits = (hash: Uint8Array, groups: number) =>
  Array.from({ length: groups }, (_, index) => String(Number(BigInt(`0x${Buffer.from(hash.subarray(5 * index, 5 * index + 5)).toString('hex')}`) % 100_000n)).padStart(5, '0')).join('');

const hashed = (start: Uint8Array, again: Uint8Array) => {
  let hash = sha512(Buffer.alloc(2), start);
  for (let round = 0; round < 5_199; round += 1) hash = sha512(hash, again);
  return hash;
};

/** The device keys of two who are in a room, and what their safety numbers are. */
async function acquainted(world: World, use: (members: { id: string; key: Buffer }[], ada: Awaited<ReturnType<typeof createRoom>>) => void) {
  const ada = await createRoom({ relay: world.relay, name: 'Ada' });
  const grace = await joinRoom({ relay: world.relay, code: ada.code, name: 'Grace' });
  try {
    await Promise.all([met(ada, 2), met(grace, 2)]);
    const own = ada.members.findIndex(({ self }) => self);
    const members = [...ada.members.slice(own), ...ada.members.slice(0, own)];
    use(members.map(({ deviceKey }) => ({ id: deviceKey, key: Buffer.concat([Buffer.from([5]), Buffer.from(deviceKey, 'base64url')]) })), ada);
  } finally {
    await Promise.all([ada.close(), grace.close()]);
  }
}

/** Section 6 of the ratchet: the number of a pair, and what is scanned. */
export const safetyNumber = (_: Block, world: World): Promise<void> =>
  acquainted(world, (members, ada) => {
    const [own, other] = members.map(({ id, key }) => hashed(Buffer.concat([key, Buffer.from(id), key]), key)) as [Buffer, Buffer];
    const number = ada.safetyNumber(ada.members.find(({ self }) => !self)?.id ?? '');
    expect(number.digits.replaceAll(' ', '')).toBe([digits(own, 6), digits(other, 6)].sort().join(''));
    const half = (tag: string, hash: Buffer) => `${tag}220a20${hash.subarray(0, 32).toString('hex')}`;
    expect(Buffer.from(number.scannable).toString('hex')).toBe(`0801${half('12', own)}${half('1a', other)}`);
  });

/** The number of a room. */
export const roomNumber = (_: Block, world: World): Promise<void> =>
  acquainted(world, (members, ada) => {
    const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1)).flatMap(({ id, key }) => [Buffer.from([0, 0, 0, id.length]), Buffer.from(id), key]);
    const digest = sha512(Buffer.from('hushroom/1 room number\0'), ...sorted);
    expect(ada.safetyNumber().digits.replaceAll(' ', '')).toBe(digits(hashed(digest, digest), 12));
  });

/** Section 11.4: the fields of a file's metadata, as the core writes and reads them. `npm run test:arthas` has another client. */
export function arthasFile({ code }: Block): void {
  const source = readFileSync(at('src/room/arthas/files/metadata.rs'), 'utf8');
  const fields = [...code.matchAll(/"(\w{2,})"\??:/g)].map(([, name = '']) => name);
  expect(fields).toHaveLength(9);
  for (const field of fields) expect(source).toContain(`"${field}"`);
}

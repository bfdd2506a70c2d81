import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { decode, encode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { decodeFrame, encodeFrame, openMessage, parseShareCode } from '../../js/index.js';
import { joinRoom } from '../../js/room/index.js';
import { joinArthas, keyPair, open, verifies } from '../e2e/arthas-member.js';
import { ARTHAS, startArthasRelay } from '../e2e/arthas-relay.js';
import { watch } from '../e2e/watch.js';
import { KEY } from './helpers.js';

interface Vectors {
  readonly keyHex: string;
  readonly iv: string;
  readonly ed25519: { readonly seedHex: string; readonly publicKey: string };
  readonly announcement: string;
  readonly text: { readonly payload: string; readonly ciphertext: string };
  readonly typing: { readonly payload: string; readonly ciphertext: string };
  readonly canonical: readonly { readonly json: string; readonly jsHex: string; readonly goHex: string }[];
  readonly frames: readonly { readonly name: string; readonly hex: string; readonly type: number; readonly data: Record<string, unknown> }[];
  readonly shareCodes: readonly { readonly code: string; readonly ephemeralSeconds: number; readonly expiresAt: number; readonly link: string }[];
  readonly password: { readonly plain: string; readonly hash: string };
}

const vectors = JSON.parse(readFileSync(new URL('../vectors/arthas.json', import.meta.url), 'utf8')) as Vectors;

test('the vectors hold by Node alone', () => {
  const { secret, publicKey } = keyPair(Buffer.from(vectors.ed25519.seedHex, 'hex'));
  expect(secret.type).toBe('private');
  expect(publicKey).toBe(vectors.ed25519.publicKey);
  for (const { payload, ciphertext } of [vectors.text, vectors.typing]) {
    expect(open(KEY, Buffer.from(vectors.iv, 'base64url'), Buffer.from(ciphertext, 'base64url')).toString()).toBe(payload);
  }
  const { sig } = JSON.parse(vectors.text.payload) as { sig: string };
  expect(verifies(publicKey, sig, '{"text":"Hello"}')).toBe(true);
});

describe('the public functions', () => {
  test.each(vectors.shareCodes)('read the code $code', ({ code, link, ephemeralSeconds, expiresAt }) => {
    for (const text of [code, link, ` ${code}\n`]) {
      const parsed = parseShareCode(text);
      expect(parsed).toMatchObject({ protocol: 'arthas', roomId: code.slice(0, 21), ephemeralSeconds, expiresAt });
      expect(Buffer.from(parsed.key).toString('hex')).toBe(vectors.keyHex);
    }
  });

  test.each([vectors.text, vectors.typing])('open what Arthas sealed: $payload', ({ payload, ciphertext }) => {
    expect(new TextDecoder().decode(openMessage(KEY, { iv: vectors.iv, ciphertext }))).toBe(payload);
  });

  test.each(vectors.frames)('read the frame $name', ({ name, hex, type, data }) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(decodeFrame(bytes)).toEqual({ type, data });
    expect(decode(bytes)).toEqual({ type, data });
    // Go writes some integers longer than need be.
    if (name.endsWith('JS')) expect(Buffer.from(encodeFrame({ type, data })).toString('hex')).toBe(hex);
  });
});

test('a room takes the announcement and the text of the vectors, and verifies both canonical forms', async () => {
  const relay = await startArthasRelay();
  const maker = new WebSocket(relay.url);
  await once(maker, 'open');
  const answer = once(maker, 'message') as Promise<[Buffer]>;
  maker.send(encode({ type: ARTHAS.create, data: { name: 'Maker', password: vectors.password.hash } }));
  const [created] = await answer;
  const { roomId } = (decode(created) as { data: { roomId: string } }).data;
  const code = `${roomId}:${Buffer.from(KEY).toString('base64url')}`;
  expect(createHash('sha256').update(vectors.password.plain).digest('hex')).toBe(vectors.password.hash);

  const room = await joinRoom({ relay: relay.url, code, name: 'Ada', password: vectors.password.plain });
  const sees = watch(room);
  const eve = await joinArthas(relay.url, code, 'Eve', vectors.password.hash);
  const heard = (text: string) =>
    sees.until((events) => events.flatMap((event) => (event.type === 'message' && event.message.text === text ? [event.message] : []))[0], text);
  eve.say(vectors.announcement);
  eve.send(ARTHAS.message, { iv: vectors.iv, ciphertext: vectors.text.ciphertext });
  expect(await heard('Hello')).toMatchObject({ verification: 'verified', from: { deviceKey: vectors.ed25519.publicKey } });

  const signer = await joinArthas(relay.url, code, 'Signer', vectors.password.hash);
  signer.announce();
  for (const [index, { json, jsHex, goHex }] of vectors.canonical.entries()) {
    const payload = JSON.parse(json) as Record<string, unknown>;
    if (typeof payload['text'] !== 'string' || payload['type'] !== undefined) continue;
    for (const hex of [jsHex, goHex]) {
      const before = sees.texts().length;
      signer.say(signer.signed(payload, Buffer.from(hex, 'hex').toString()));
      await sees.until(() => sees.texts().length > before, `canonical ${index}`);
      const message = room.getSnapshot().messages.at(-1);
      expect(message, `${index} ${hex}`).toMatchObject({ text: payload['text'], verification: 'verified' });
    }
  }
  maker.terminate();
  await Promise.all([room.close(), eve.close(), signer.close()]);
  await relay.close();
});

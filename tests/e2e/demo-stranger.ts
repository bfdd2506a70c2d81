import { createCipheriv, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';

import { decode, encode } from '@msgpack/msgpack';
import { WebSocket } from 'ws';

import type { Relay } from './helpers.js';

/**
 * A client of Arthas rooms that follows `docs/protocol.md` as far as a test wants it to: it signs, or does not, or
 * wrongly, and says what it likes.
 */
export interface Stranger {
  /** Sends a text. `signature`: right by default. */
  say(text: string, signature?: 'right' | 'wrong' | 'none', reply?: Reply): void;
  /** Announces the key it signs with; a fresh one each time it is called. */
  announceKey(): void;
  /** Makes a new key and says nothing of it. */
  changeKey(): void;
  sendFile(file: PushedFile): void;
  /** Sends META and all chunks but the last, and no COMPLETE. */
  beginFile(file: PushedFile): void;
  leave(): Promise<void>;
}

export interface Reply {
  readonly stableId: string;
  readonly senderName: string;
  readonly preview: string;
}

export interface PushedFile {
  readonly fileName: string;
  readonly mimeType: string;
  readonly bytes: Buffer;
  readonly thumbnail?: Buffer;
  /** Marks it as a voice message. */
  readonly duration?: number;
}

const TYPES = {
  ...{ join: 0x02, message: 0x03, leave: 0x04, pong: 0x06, meta: 0x08, chunk: 0x09, complete: 0x0a },
  ...{ joined: 0x11, error: 0x17, ping: 0x18 },
} as const;
const CHUNK_BYTES = 65_536;

/** Joins the room of a share code. */
export async function enterAsStranger(relay: Relay, code: string, name: string): Promise<Stranger> {
  const [roomId = '', keyText = ''] = code.split(':');
  const key = Buffer.from(keyText, 'base64url');
  const socket = new WebSocket(`${relay.url.replace(/^http/, 'ws')}/ws`);
  const send = (type: number, data: unknown) => socket.send(encode({ type, data }));
  let pair = generateKeyPairSync('ed25519');

  const joined = new Promise<void>((resolve, reject) => {
    socket.on('message', (bytes: Buffer) => {
      const { type, data } = decode(bytes) as { type: number; data: { t?: number; code?: string } };
      if (type === TYPES.ping) send(TYPES.pong, { t: data.t });
      if (type === TYPES.joined) resolve();
      if (type === TYPES.error) reject(new Error(`the relay said ${data.code}`));
    });
    socket.on('error', reject);
  });
  await once(socket, 'open');
  send(TYPES.join, { roomId, name, password: '' });
  await joined;

  const seal = (plaintext: Uint8Array) => {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    return { iv, sealed: Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]) };
  };
  const post = (payload: object) => {
    const { iv, sealed } = seal(Buffer.from(JSON.stringify(payload)));
    send(TYPES.message, { iv: iv.toString('base64url'), ciphertext: sealed.toString('base64url') });
  };
  const signed = (payload: object, secret: KeyObject) => ({
    ...payload,
    sig: sign(null, Buffer.from(canonical(payload)), secret).toString('base64url'),
  });
  const push = (file: PushedFile, whole: boolean) => {
    const transferId = randomBytes(16).toString('base64url').slice(0, 21);
    const { fileName, mimeType, bytes, thumbnail, duration } = file;
    const totalChunks = Math.ceil(bytes.length / CHUNK_BYTES);
    const meta = {
      ...{ transferId, fileName, fileSize: bytes.length, mimeType, totalChunks },
      ...(thumbnail && { thumbnail: Object.fromEntries(thumbnail.entries()) }),
      ...(duration && { isVoice: true, duration }),
    };
    const head = seal(Buffer.from(JSON.stringify(meta)));
    send(TYPES.meta, { transferId, iv: head.iv.toString('base64url'), ciphertext: head.sealed });
    for (let index = 0; index < (whole ? totalChunks : totalChunks - 1); index++) {
      const { iv, sealed } = seal(bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES));
      send(TYPES.chunk, { transferId, index, iv, data: sealed });
    }
    if (whole) send(TYPES.complete, { transferId });
  };

  return {
    say(text, signature = 'right', reply) {
      const payload = reply === undefined ? { text } : { text, reply };
      if (signature === 'none') post(payload);
      else if (signature === 'right') post(signed(payload, pair.privateKey));
      else post({ ...payload, sig: randomBytes(64).toString('base64url') });
    },
    announceKey() {
      const { x = '' } = pair.publicKey.export({ format: 'jwk' });
      post(signed({ text: '', type: 'pubkey', pubkey: x }, pair.privateKey));
    },
    changeKey() {
      pair = generateKeyPairSync('ed25519');
    },
    sendFile: (file) => push(file, true),
    beginFile: (file) => push(file, false),
    async leave() {
      send(TYPES.leave, {});
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

/** Canonical JSON: sorted keys, nothing in between. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}

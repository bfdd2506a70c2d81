import { createCipheriv, createDecipheriv, createPrivateKey, createPublicKey, randomBytes, sign, verify, type KeyObject } from 'node:crypto';
import { once } from 'node:events';

import { decode, encode } from '@msgpack/msgpack';
import { WebSocket } from 'ws';

import { ARTHAS } from './arthas-relay.js';

type Data = Record<string, unknown>;

/** A frame that came to a member. */
export interface Frame {
  readonly type: number;
  readonly data: Data;
}

/**
 * A member of an Arthas room made of Node's own cryptography, after the wire document alone: it speaks as Arthas' clients do,
 * and as they would never.
 */
export interface ArthasMember {
  readonly id: string;
  /** base64url. */
  readonly publicKey: string;
  readonly frames: readonly Frame[];
  send(type: number, data: Data): void;
  /** Seals JSON, or bytes that need not be JSON, under the room's key. */
  seal(plaintext: Data | string | Uint8Array): { iv: Buffer; data: Buffer };
  open(iv: Uint8Array | string, ciphertext: Uint8Array | string): Buffer;
  /** Seals and sends a payload as a message. */
  say(payload: Data | string): void;
  /** Adds a signature, over the payload as JavaScript writes it or as given. */
  signed(payload: Data, canonical?: string): Data;
  announce(): void;
  /** Sends a file as Arthas' web client does. */
  sendFile(file: Uint8Array, meta?: Data, options?: FileOptions): string;
  /** Resolves with the first frame, of those that came and come, that `test` takes. */
  until(type: number, test?: (data: Data) => boolean): Promise<Data>;
  close(): Promise<void>;
}

/** What goes wrong with a file. */
export interface FileOptions {
  /** What is sent in place of chunk `index`; nothing to leave it out. */
  readonly chunk?: (index: number, chunk: Data) => Data | undefined;
  readonly complete?: boolean;
}

const CHUNK = 65_536;

/** DER in front of 32 raw bytes of an Ed25519 key (RFC 8410). */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** The Ed25519 key pair of a seed. */
export function keyPair(seed: Uint8Array): { secret: KeyObject; publicKey: string } {
  const secret = createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' });
  return { secret, publicKey: spki.subarray(PUBLIC_PREFIX.length).toString('base64url') };
}

/** Whether `signature` is that of `publicKey` over `text`. */
export function verifies(publicKey: string, signature: string, text: string): boolean {
  const key = createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, Buffer.from(publicKey, 'base64url')]), format: 'der', type: 'spki' });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
}

/** Canonical JSON as JavaScript clients write it. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join()}}`;
}

/** AES-256-GCM as for all that Arthas seals. */
export function seal(key: Uint8Array, plaintext: Uint8Array, iv: Buffer = randomBytes(12)): { iv: Buffer; data: Buffer } {
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  return { iv, data: Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]) };
}

/** The reverse of {@link seal}. */
export function open(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, iv);
  decipher.setAuthTag(ciphertext.subarray(-16));
  return Buffer.concat([decipher.update(ciphertext.subarray(0, -16)), decipher.final()]);
}

/** Joins the room of a share code. The password as it is sent: hashed. */
export async function joinArthas(url: string, code: string, name: string, password = ''): Promise<ArthasMember> {
  const [roomId = '', keyText = ''] = code.split(':');
  const key = Buffer.from(keyText, 'base64url');
  const { secret, publicKey } = keyPair(randomBytes(32));
  const socket = new WebSocket(url);
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  socket.on('error', () => undefined);
  socket.on('message', (bytes: Buffer) => {
    frames.push(decode(bytes) as Frame);
    for (const wake of [...waiting]) wake();
  });
  await once(socket, 'open');

  const send = (type: number, data: Data) => socket.send(encode({ type, data }));
  const until = (type: number, test: (data: Data) => boolean = () => true) =>
    new Promise<Data>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no frame ${type}; there was ${frames.map((frame) => frame.type).join()}`)), 20_000);
      const look = () => {
        const found = frames.find((frame) => frame.type === type && test(frame.data));
        if (found === undefined) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(found.data);
      };
      waiting.add(look);
      look();
    });
  const bytesOf = (plaintext: Data | string | Uint8Array) =>
    plaintext instanceof Uint8Array ? plaintext : Buffer.from(typeof plaintext === 'string' ? plaintext : JSON.stringify(plaintext));
  const sealed = (plaintext: Data | string | Uint8Array) => seal(key, bytesOf(plaintext));

  send(ARTHAS.join, { roomId, name, password });
  const members = (await until(ARTHAS.joined))['members'] as { id: string }[];
  const member: ArthasMember = {
    id: members.at(-1)?.id ?? '',
    publicKey,
    frames,
    send,
    seal: sealed,
    open: (iv, ciphertext) => {
      const raw = (part: Uint8Array | string) => (typeof part === 'string' ? Buffer.from(part, 'base64url') : part);
      return open(key, raw(iv), raw(ciphertext));
    },
    say(payload) {
      const { iv, data } = sealed(payload);
      send(ARTHAS.message, { iv: iv.toString('base64url'), ciphertext: data.toString('base64url') });
    },
    signed: (payload, text = canonical(payload)) => ({ ...payload, sig: sign(null, Buffer.from(text), secret).toString('base64url') }),
    announce: () => member.say(member.signed({ text: '', type: 'pubkey', pubkey: publicKey })),
    sendFile(file, meta = {}, { chunk = (_: number, data: Data) => data, complete = true }: FileOptions = {}) {
      const transferId = randomBytes(16).toString('base64url').slice(0, 21);
      const totalChunks = Math.ceil(file.length / CHUNK);
      const { iv, data: ciphertext } = sealed({ transferId, fileName: 'file.bin', fileSize: file.length, mimeType: 'application/octet-stream', totalChunks, ...meta });
      send(ARTHAS.fileMeta, { transferId, iv: iv.toString('base64url'), ciphertext });
      for (let index = 0; index < totalChunks; index++) {
        const made = chunk(index, { transferId, index, ...sealed(file.subarray(index * CHUNK, (index + 1) * CHUNK)) });
        if (made !== undefined) send(ARTHAS.fileChunk, made);
      }
      if (complete) send(ARTHAS.fileComplete, { transferId });
      return transferId;
    },
    until,
    async close() {
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.close(1000);
      await once(socket, 'close');
    },
  };
  return member;
}

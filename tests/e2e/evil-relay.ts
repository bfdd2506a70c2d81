import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { decode, encode } from '@msgpack/msgpack';
import { WebSocket, WebSocketServer } from 'ws';

/** Frame types by their name in `docs/protocol.md`. */
export const TYPE = { create: 0x01, join: 0x02, roomJoined: 0x11, memberJoined: 0x12, error: 0x17, ping: 0x18, post: 0x40, bulk: 0x41, window: 0x42, posted: 0x50, bulkFrom: 0x51, windowFrom: 0x52, accepted: 0x53 } as const;

/** A frame on its way: `up` to the relay, `down` to the client of connection number `connection`. */
export interface Passing {
  readonly direction: 'up' | 'down';
  readonly connection: number;
  /** Of our own frames, whose first key is the type. */
  readonly type: number;
  readonly bytes: Buffer;
}

/** What becomes of a frame: the frames that go on instead. */
export type Meddler = (frame: Passing) => readonly Uint8Array[];

/** A relay that cannot be trusted: it passes everything to an honest one, writes it down, and meddles as it is told. */
export interface EvilRelay {
  readonly url: string;
  /** Every frame that has passed, as it came in. */
  readonly recorded: readonly Passing[];
  meddler: Meddler | undefined;
  /** Sends something of its own to each client. */
  inject(data: Uint8Array | string): void;
  /** Cuts every connection. */
  cut(): void;
  close(): Promise<void>;
}

/** Starts one in front of the relay at `url`. */
export async function startEvilRelay(url: string): Promise<EvilRelay> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const recorded: Passing[] = [];
  const pairs = new Set<readonly [WebSocket, WebSocket]>();
  let connections = 0;

  const relay: EvilRelay = {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`,
    recorded,
    meddler: undefined,
    inject(data) {
      for (const [client] of pairs) client.send(data);
    },
    cut() {
      for (const [client, upstream] of pairs) {
        client.terminate();
        upstream.terminate();
      }
    },
    async close() {
      relay.cut();
      server.close();
      await once(server, 'close');
    },
  };

  server.on('connection', (client) => {
    const connection = connections++;
    const upstream = new WebSocket(`${url.replace(/^http/, 'ws')}/ws`);
    const pair = [client, upstream] as const;
    const early: Buffer[] = [];
    pairs.add(pair);

    function pass(direction: Passing['direction'], bytes: Buffer, to: WebSocket) {
      const frame: Passing = { direction, connection, type: bytes[6] ?? 0, bytes };
      recorded.push(frame);
      for (const out of relay.meddler?.(frame) ?? [bytes]) if (to.readyState === WebSocket.OPEN) to.send(out);
    }

    client.on('message', (bytes: Buffer) => (upstream.readyState === WebSocket.OPEN ? pass('up', bytes, upstream) : early.push(bytes)));
    upstream.on('open', () => early.splice(0).forEach((bytes) => pass('up', bytes, upstream)));
    upstream.on('message', (bytes: Buffer) => pass('down', bytes, client));
    for (const [one, other] of [pair, [upstream, client] as const]) {
      one.on('error', () => other.terminate());
      one.on('close', () => {
        pairs.delete(pair);
        other.terminate();
      });
    }
  });
  return relay;
}

/** What is done to one frame. */
export type Deed = (bytes: Buffer) => readonly Uint8Array[];

/** Changes one bit; a negative place counts from the end. */
export const flip = (at: number): Deed => (bytes) => {
  const changed = Buffer.from(bytes);
  const index = at < 0 ? changed.length + at : at;
  changed[index] = (changed[index] ?? 0) ^ 1;
  return [changed];
};
export const drop: Deed = () => [];
export const repeat: Deed = (bytes) => [bytes, bytes, bytes];
export const truncate: Deed = (bytes) => [bytes.subarray(0, -10)];
/** Cuts the end of the body off and writes a frame around it that is right in itself. */
export const shorten: Deed = (bytes) => {
  const { type, data } = decode(bytes) as { type: number; data: Record<string, unknown> };
  return [encode({ type, data: { ...data, body: (data['body'] as Uint8Array).subarray(0, -10) } })];
};
/** Bytes that mean nothing, as many as the frame had. */
export const replace: Deed = (bytes) => [Buffer.alloc(bytes.length, 0xc1)];
export const oversize: Deed = (bytes) => [Buffer.concat([bytes, Buffer.alloc(140_000)])];

/** Does `deed` to frames of `type` whose number, from 0, is in `which`. */
export function to(type: number, which: readonly number[], deed: Deed): Meddler {
  let count = 0;
  return ({ type: found, bytes }) => (found === type && which.includes(count++) ? deed(bytes) : [bytes]);
}

/** Drops each frame of `type` whose number is in `which`, the first time it comes; what is sent again passes. */
export function loseOnce(type: number, which: readonly number[]): Meddler {
  const seen = new Set<string>();
  return ({ type: found, bytes }) => {
    if (found !== type) return [bytes];
    // The tag of a piece of a file tells it from all others.
    const tag = bytes.subarray(-16).toString('hex');
    const isNew = !seen.has(tag);
    seen.add(tag);
    return isNew && which.includes(seen.size - 1) ? [] : [bytes];
  };
}

/** Lets every second frame of `type` overtake the one before it, `count` times. */
export function reorder(type: number, count: number): Meddler {
  let held: Buffer | undefined;
  let left = count;
  return ({ type: found, bytes }) => {
    if (found !== type || left === 0) return [bytes];
    if (held === undefined) {
      held = bytes;
      return [];
    }
    const overtaken = held;
    held = undefined;
    left -= 1;
    return [bytes, overtaken];
  };
}

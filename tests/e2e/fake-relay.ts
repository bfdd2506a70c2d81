import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { decode, encode } from '@msgpack/msgpack';
import { WebSocketServer, type WebSocket } from 'ws';

/** A relay that says what a test wants it to say. */
export interface FakeRelay {
  readonly url: string;
  close(): Promise<void>;
}

/** What a client sends first. */
export interface Entry {
  readonly roomId: string;
}

/** Starts one; `onEntry` is called with the first frame of each client. */
export async function startFakeRelay(onEntry: (client: WebSocket, entry: Entry) => void): Promise<FakeRelay> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (client) => {
    client.on('error', () => undefined);
    client.once('message', (bytes: Buffer) => onEntry(client, (decode(bytes) as { data: Entry }).data));
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`,
    async close() {
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A frame of the protocol. */
export const frame = (type: number, data: Readonly<Record<string, unknown>>): Uint8Array => encode({ type, data });

/** The answer to an entry. */
export const roomJoined = (roomId: string): Uint8Array =>
  frame(0x11, { roomId, members: [{ id: '00000001', name: '', color: '' }], expiresAt: 0, maxMembers: 50, resumed: false, accepted: 0 });

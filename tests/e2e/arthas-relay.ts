import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { decode, encode } from '@msgpack/msgpack';
import { WebSocketServer, type WebSocket } from 'ws';

/** The frames of an Arthas room that this relay, or a test, handles. */
export const ARTHAS = {
  create: 0x01, join: 0x02, message: 0x03, leave: 0x04, typing: 0x05, pong: 0x06, reaction: 0x07,
  fileMeta: 0x08, fileChunk: 0x09, fileComplete: 0x0a, fileCancel: 0x0b, fileAck: 0x0c,
  created: 0x10, joined: 0x11, memberJoined: 0x12, memberLeft: 0x13, relayed: 0x14, memberTyping: 0x15, closed: 0x16,
  error: 0x17, ping: 0x18, relayedReaction: 0x19, relayedMeta: 0x1a, relayedChunk: 0x1b, relayedComplete: 0x1c,
  relayedCancel: 0x1d, relayedAck: 0x1e, accepted: 0x53,
} as const;

type Data = Record<string, unknown>;

/** A frame that came from a member. */
export interface Told {
  readonly from: string;
  readonly type: number;
  readonly data: Data;
  /** Bytes on the wire. */
  readonly size: number;
}

/** An Arthas relay as the wire document has it: without receipts unless asked for, and without limits. Its rooms outlive their members. */
export interface ArthasRelay {
  readonly url: string;
  /** Every frame of every member, in the order they came. */
  readonly told: readonly Told[];
  /** Sends a frame to one member, as if the relay had it from another. */
  inject(to: string, type: number, data: Data): void;
  /** Ends the connection of every member. */
  drop(): void;
  close(): Promise<void>;
}

/** What a test may change. */
export interface ArthasRelayOptions {
  /** Looks at what is about to be relayed: another frame, or nothing at all. */
  readonly tamper?: (frame: { type: number; data: Data }) => { type: number; data: Data } | undefined;
  /** Answers numbered messages and reactions, as our own relay does: refused ones with this code. */
  readonly receipts?: (type: number) => string | undefined;
}

interface Client {
  readonly id: string;
  readonly socket: WebSocket;
  name: string;
  room: Room | undefined;
}

interface Room {
  readonly roomId: string;
  readonly password: string;
  readonly ephemeral: number;
  readonly expiresAt: number;
  readonly members: Client[];
}

/** What a frame of a member becomes for the others. */
const RELAYED: Readonly<Record<number, number>> = {
  [ARTHAS.message]: ARTHAS.relayed,
  [ARTHAS.reaction]: ARTHAS.relayedReaction,
  [ARTHAS.fileMeta]: ARTHAS.relayedMeta,
  [ARTHAS.fileChunk]: ARTHAS.relayedChunk,
  [ARTHAS.fileComplete]: ARTHAS.relayedComplete,
  [ARTHAS.fileCancel]: ARTHAS.relayedCancel,
};

/** Starts one. */
export async function startArthasRelay({ tamper = (frame) => frame, receipts }: ArthasRelayOptions = {}): Promise<ArthasRelay> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const rooms = new Map<string, Room>();
  const clients = new Map<string, Client>();
  const told: Told[] = [];
  let count = 0;

  const send = (to: Client, type: number, data: Data) => to.socket.send(encode({ type, data }));
  const shown = ({ id, name }: Client) => ({ id, name, color: '#cce8c0' });

  function relay(from: Client, type: number, data: Data) {
    const frame = tamper({ type, data });
    if (frame === undefined) return;
    for (const member of from.room?.members ?? []) if (member !== from) send(member, frame.type, frame.data);
  }

  function enter(client: Client, room: Room) {
    relay({ ...client, room }, ARTHAS.memberJoined, shown(client));
    client.room = room;
    room.members.push(client);
    const { roomId, ephemeral, expiresAt, password } = room;
    const terms = { hasPassword: password !== '', ephemeral, expiresAt, ...(receipts !== undefined && { receipts: true }) };
    send(client, ARTHAS.joined, { roomId, members: room.members.map(shown), ...terms });
  }

  function leave(client: Client) {
    const { room } = client;
    if (room === undefined) return;
    relay(client, ARTHAS.memberLeft, { id: client.id });
    client.room = undefined;
    room.members.splice(room.members.indexOf(client), 1);
  }

  function onFrame(client: Client, type: number, data: Data) {
    const text = (name: string) => (typeof data[name] === 'string' ? (data[name] as string) : '');
    const number = (name: string) => (typeof data[name] === 'number' ? (data[name] as number) : 0);
    const refuse = (code: string, msg: string) => send(client, ARTHAS.error, { code, msg });
    const about = { senderId: client.id, senderName: client.name };
    switch (type) {
      case ARTHAS.create: {
        const roomId = String((count += 1)).padStart(21, 'r');
        const expiresAt = number('expiry') > 0 ? Math.floor(Date.now() / 1000) + number('expiry') : 0;
        const room = { roomId, password: text('password'), ephemeral: number('ephemeral'), expiresAt, members: [] };
        rooms.set(roomId, room);
        client.name = text('name');
        send(client, ARTHAS.created, { roomId, expiresAt });
        return enter(client, room);
      }
      case ARTHAS.join: {
        const room = rooms.get(text('roomId'));
        client.name = text('name');
        if (room === undefined) return refuse('E001', 'room not found');
        if (room.password !== text('password')) return refuse('E006', 'wrong password');
        return enter(client, room);
      }
      case ARTHAS.leave:
        return leave(client);
      case ARTHAS.typing:
        return relay(client, ARTHAS.memberTyping, { id: client.id, ...data });
      case ARTHAS.fileAck: {
        const asked = { receiverId: client.id, transferId: data['transferId'] };
        for (const member of client.room?.members ?? []) if (member !== client) send(member, ARTHAS.relayedAck, asked);
        return;
      }
      default: {
        const relayed = RELAYED[type];
        const { n, ...rest } = data;
        const code = n === undefined ? undefined : receipts?.(type);
        if (code !== undefined) return send(client, ARTHAS.error, { code, msg: 'refused', n });
        const t = Date.now();
        if (n !== undefined && receipts !== undefined) send(client, ARTHAS.accepted, { n, seq: 0, t });
        if (relayed !== undefined) relay(client, relayed, { ...about, ...rest, t });
      }
    }
  }

  server.on('connection', (socket) => {
    const client: Client = { id: (count += 1).toString(16).padStart(8, '0'), socket, name: '', room: undefined };
    clients.set(client.id, client);
    socket.on('error', () => undefined);
    socket.on('message', (bytes: Buffer) => {
      const { type, data } = decode(bytes) as { type: number; data: Data };
      told.push({ from: client.id, type, data, size: bytes.length });
      onFrame(client, type, data);
    });
    socket.on('close', () => {
      leave(client);
      clients.delete(client.id);
    });
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`,
    told,
    inject: (to, type, data) => clients.get(to)?.socket.send(encode({ type, data })),
    drop() {
      for (const client of server.clients) client.terminate();
    },
    async close() {
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}

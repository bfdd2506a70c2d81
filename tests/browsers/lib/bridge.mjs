// What tests in a page have from outside it: relays, and a place where WebSocket servers that are made in the page listen.

import { once } from 'node:events';
import { createServer } from 'node:http';

import { WebSocketServer } from 'ws';

import { startRelay } from '../../../scripts/lib/relay.mjs';

/**
 * Starts one.
 *
 *   POST /relay        { port, options } -> { id, url, port, pid }
 *   POST /relay/kill   { id }
 *   WS   /server       carries one WebSocket server, see below
 *
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 */
export async function startBridge() {
  /** @type {Map<number, import('../../../scripts/lib/relay.mjs').Relay>} */
  const relays = new Map();
  let count = 0;

  /** @type {Record<string, (body: any) => Promise<unknown>>} */
  const calls = {
    async '/relay'({ port, options }) {
      const relay = await startRelay(port, options);
      relays.set((count += 1), relay);
      return { id: count, url: relay.url, port: relay.port, pid: relay.pid };
    },
    async '/relay/kill'({ id }) {
      await relays.get(id)?.kill();
      relays.delete(id);
    },
  };

  const server = createServer(async (request, response) => {
    response.setHeader('access-control-allow-origin', '*').setHeader('access-control-allow-headers', '*');
    const call = calls[request.url ?? ''];
    if (request.method !== 'POST' || call === undefined) return response.writeHead(request.method === 'OPTIONS' ? 204 : 404).end();
    try {
      let body = '';
      for await (const chunk of request) body += chunk;
      response.end(JSON.stringify((await call(JSON.parse(body))) ?? null));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  const sockets = new WebSocketServer({ server, path: '/server' });
  sockets.on('connection', carry);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      await Promise.all([...relays.values()].map((relay) => relay.kill()));
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}

/**
 * Carries a server whose owner is at the other end of `owner`. Binary messages are `connection, 4 bytes big-endian | message`;
 * text messages are JSON: `listen`, `end`, `close` and `text` come from the owner, `listening`, `open`, `ended` and `closed` go there.
 *
 * @param {import('ws').WebSocket} owner
 */
function carry(owner) {
  /** @type {WebSocketServer | undefined} */
  let server;
  /** @type {Map<number, import('ws').WebSocket>} */
  const clients = new Map();
  let count = 0;
  const tell = (/** @type {object} */ what) => owner.readyState === owner.OPEN && owner.send(JSON.stringify(what));

  function listen() {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    server.on('listening', () => tell({ op: 'listening', address: server?.address() }));
    server.on('connection', (client, request) => {
      const id = (count += 1);
      clients.set(id, client);
      tell({ op: 'open', id, url: request.url });
      client.on('error', () => undefined);
      client.on('message', (/** @type {Buffer} */ bytes) => {
        const framed = Buffer.allocUnsafe(4 + bytes.length);
        framed.writeUInt32BE(id);
        framed.set(bytes, 4);
        if (owner.readyState === owner.OPEN) owner.send(framed);
      });
      client.on('close', () => {
        clients.delete(id);
        tell({ op: 'ended', id });
      });
    });
  }

  owner.on('message', (/** @type {Buffer} */ bytes, isBinary) => {
    if (isBinary) return clients.get(bytes.readUInt32BE())?.send(bytes.subarray(4));
    const { op, id, data } = JSON.parse(bytes.toString());
    if (op === 'listen') listen();
    if (op === 'end') clients.get(id)?.terminate();
    if (op === 'text') clients.get(id)?.send(data);
    if (op === 'close') server?.close(() => tell({ op: 'closed' }));
  });
  owner.on('error', () => undefined);
  owner.on('close', () => {
    for (const client of clients.values()) client.terminate();
    server?.close();
  });
}

// `ws` in a page: clients are the browser's own, servers listen in the runner and live here.

import { Buffer } from './node.js';
import { EventEmitter } from 'events';

import { bridge } from './bridge.js';

type Data = Uint8Array | ArrayBuffer | string;

type Listener = (...args: any[]) => void;

/** A client: the browser's own, which may also be listened to as Node's. */
export class WebSocket extends globalThis.WebSocket {
  readonly #listening = new Map<Listener, (event: Event) => void>();

  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    this.binaryType = 'arraybuffer';
  }

  on(type: string, listener: Listener): this {
    return this.#listen(type, listener, false);
  }

  once(type: string, listener: Listener): this {
    return this.#listen(type, listener, true);
  }

  off(type: string, listener: Listener): this {
    const listen = this.#listening.get(listener);
    if (listen !== undefined) this.removeEventListener(type, listen);
    return this;
  }

  /** A page cannot cut a connection, only close it. */
  terminate(): void {
    this.close();
  }

  removeListener(type: string, listener: Listener): this {
    return this.off(type, listener);
  }

  #listen(type: string, listener: Listener, once: boolean): this {
    const listen = (event: Event) => listener(...argumentsOf(event));
    this.#listening.set(listener, listen);
    this.addEventListener(type, listen, { once });
    return this;
  }
}

function argumentsOf(event: Event): unknown[] {
  if (event instanceof MessageEvent) {
    const { data } = event as MessageEvent<string | ArrayBuffer>;
    return typeof data === 'string' ? [Buffer.from(data), false] : [Buffer.from(data), true];
  }
  if (event instanceof CloseEvent) return [event.code, Buffer.from(event.reason)];
  return [];
}

/** A client of a server that is in this page. */
class ServedSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  readonly #owner: globalThis.WebSocket;
  readonly #id: number;

  constructor(owner: globalThis.WebSocket, id: number) {
    super();
    this.#owner = owner;
    this.#id = id;
  }

  send(data: Data): void {
    if (this.readyState !== 1) return;
    if (typeof data === 'string') return this.#owner.send(JSON.stringify({ op: 'text', id: this.#id, data }));
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    const framed = new Uint8Array(4 + bytes.length);
    new DataView(framed.buffer).setUint32(0, this.#id);
    framed.set(bytes, 4);
    this.#owner.send(framed);
  }

  terminate(): void {
    if (this.#owner.readyState === 1) this.#owner.send(JSON.stringify({ op: 'end', id: this.#id }));
  }

  close(): void {
    this.terminate();
  }
}

/** A server: what it hears and says goes through the runner. */
export class WebSocketServer extends EventEmitter {
  readonly clients: Set<ServedSocket> = new Set();
  readonly #owner: globalThis.WebSocket;
  #address: unknown;

  constructor(_options: { port: number; host: string }) {
    super();
    const byId = new Map<number, ServedSocket>();
    this.#owner = new globalThis.WebSocket(`${bridge.replace('http', 'ws')}/server`);
    this.#owner.binaryType = 'arraybuffer';
    this.#owner.onopen = () => this.#owner.send(JSON.stringify({ op: 'listen' }));
    this.#owner.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data !== 'string') {
        byId.get(new DataView(data).getUint32(0))?.emit('message', Buffer.from(data, 4), true);
        return;
      }
      const { op, id, address } = JSON.parse(data) as { op: string; id: number; address?: unknown };
      if (op === 'listening') {
        this.#address = address;
        this.emit('listening');
      } else if (op === 'open') {
        const client = new ServedSocket(this.#owner, id);
        byId.set(id, client);
        this.clients.add(client);
        this.emit('connection', client);
      } else if (op === 'ended') {
        const client = byId.get(id);
        if (client === undefined) return;
        byId.delete(id);
        this.clients.delete(client);
        client.readyState = 3;
        client.emit('close');
      } else if (op === 'closed') {
        this.#owner.close();
        this.emit('close');
      }
    };
  }

  address(): unknown {
    return this.#address;
  }

  close(): void {
    this.#owner.send(JSON.stringify({ op: 'close' }));
  }
}

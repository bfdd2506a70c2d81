import { sendParts } from '#platform';
import type { WebSocketConstructor } from './types.js';

/** What the room does with its connection. */
export interface SocketHandlers {
  onOpen(): void;
  onFrame(frame: Uint8Array): void;
  /** The connection is gone, or never came. Called once, and not after `close`. */
  onClose(): void;
}

/** One connection to the relay. */
export interface Socket {
  /** Sends one frame, given whole or in parts that do not change afterwards. Nothing happens unless the socket is open. */
  send(...parts: Uint8Array<ArrayBuffer>[]): void;
  /** Bytes that were handed over and have not left for the network. */
  readonly buffered: number;
  /** Sends what is queued, then closes. Resolves when the socket is closed, after two seconds at the latest. */
  close(code: number): Promise<void>;
}

const OPEN = 1;
const CLOSE_TIMEOUT_MS = 2000;
/** A server that takes the connection and says nothing would be waited for much longer by the platform, or for ever. */
const CONNECT_TIMEOUT_MS = 15_000;

/** Opens a connection. Whatever goes wrong ends in `onClose`. */
export function openSocket(WebSocket: WebSocketConstructor, url: string, handlers: SocketHandlers): Socket {
  let over = false;
  const finish = () => {
    if (over) return;
    over = true;
    clearTimeout(connecting);
    handlers.onClose();
  };
  const connecting = setTimeout(finish, CONNECT_TIMEOUT_MS);
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => {
    clearTimeout(connecting);
    if (!over) handlers.onOpen();
  };
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    // A text frame is none of this protocol; it is refused like any other nonsense.
    if (!over) handlers.onFrame(typeof data === 'string' ? new Uint8Array(1) : new Uint8Array(data as ArrayBuffer));
  };
  socket.onerror = finish;
  socket.onclose = finish;
  return {
    send(...parts) {
      if (socket.readyState === OPEN) sendParts(socket, parts);
    },
    get buffered() {
      return socket.bufferedAmount;
    },
    close(code) {
      over = true;
      clearTimeout(connecting);
      return new Promise((resolve) => {
        const timer = setTimeout(done, CLOSE_TIMEOUT_MS);
        function done() {
          clearTimeout(timer);
          socket.onclose = socket.onerror = null;
          resolve();
        }
        socket.onclose = done;
        socket.onerror = done;
        if (socket.readyState > OPEN) done();
        // Closing with a code is allowed only once open.
        else if (socket.readyState === OPEN) socket.close(code);
        else socket.close();
      });
    },
  };
}

/** The relay's WebSocket address. `http:` and `https:` are taken for `ws:` and `wss:`, an empty path for `/ws`. */
export function relayUrl(relay: string | URL): string {
  const url = new URL(relay);
  if (url.protocol === 'http:') url.protocol = 'ws:';
  if (url.protocol === 'https:') url.protocol = 'wss:';
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') throw new TypeError('relay must be a ws:, wss:, http: or https: address');
  if (url.pathname === '/') url.pathname = '/ws';
  // A share code's fragment must never get near the wire.
  url.hash = '';
  return url.href;
}

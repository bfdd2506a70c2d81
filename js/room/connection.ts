import { openSocket, type Socket, type SocketHandlers } from './socket.js';
import type { WebSocketConstructor } from './types.js';

/** Waits between attempts to come back: doubling, with jitter so that a restarted relay is not stormed. */
const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 15_000;
const GOING_AWAY = 1000;

/** The way to the relay, over as many sockets as it takes. */
export interface Connection {
  /** Makes the first attempt. */
  open(): void;
  /** Gives the present socket up, if there still is one, and makes another after `afterMs` or the backoff, whichever is longer. */
  retry(afterMs: number): void;
  /** The room is entered: the next loss starts from the shortest wait again. */
  settled(): void;
  /** Sends one frame, given whole or in parts that do not change afterwards. Nothing happens while there is no open socket. */
  send(...parts: Uint8Array<ArrayBuffer>[]): void;
  /** Bytes that were handed over and have not left for the network. */
  readonly buffered: number;
  /** Ends it for good. Resolves when the socket is closed. May be called twice. */
  close(): Promise<void>;
}

export function createConnection(WebSocket: WebSocketConstructor, url: string, handlers: SocketHandlers): Connection {
  let socket: Socket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempts = 0;
  let closing: Promise<void> | undefined;

  function open() {
    clearTimeout(timer);
    if (closing === undefined) socket = openSocket(WebSocket, url, handlers);
  }

  return {
    open,
    retry(afterMs) {
      void socket?.close(GOING_AWAY);
      socket = undefined;
      const backoff = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** attempts);
      attempts += 1;
      clearTimeout(timer);
      if (closing === undefined) timer = setTimeout(open, Math.max(afterMs, backoff * (0.5 + Math.random() / 2)));
    },
    settled() {
      attempts = 0;
    },
    send: (...parts) => socket?.send(...parts),
    get buffered() {
      return socket?.buffered ?? 0;
    },
    close() {
      clearTimeout(timer);
      return (closing ??= socket?.close(GOING_AWAY) ?? Promise.resolve());
    },
  };
}

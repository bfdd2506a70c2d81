import { hushError } from '../errors.js';
import { joinParts } from './parts.js';
import type { FileSink, NodeWritable } from './file-types.js';
import type { WebSocketConstructor } from './types.js';
import type { PathSource } from './path-source.js';

/** The platform's WebSocket. */
export function defaultWebSocket(): WebSocketConstructor {
  const { WebSocket } = globalThis as { WebSocket?: WebSocketConstructor };
  if (WebSocket === undefined) throw hushError('UNSUPPORTED', 'there is no global WebSocket; give one as an option');
  return WebSocket;
}

/** Sends `parts` as one message. */
export function sendParts(socket: WebSocket, parts: readonly Uint8Array<ArrayBuffer>[]): void {
  socket.send(joinParts(parts));
}

/** Paths are for Node. */
export function openPath(_path: string): Promise<FileSink> {
  return Promise.reject(hushError('UNSUPPORTED', 'paths work in Node only'));
}

/** Paths are for Node. */
export function sizeOf(_path: string): number {
  throw hushError('UNSUPPORTED', 'paths work in Node only');
}

/** Paths are for Node. */
export function openSource(_path: string): Promise<PathSource> {
  return Promise.reject(hushError('UNSUPPORTED', 'paths work in Node only'));
}

/** Node streams are for Node. */
export function wrapNodeWritable(_stream: NodeWritable): FileSink {
  throw hushError('UNSUPPORTED', 'Node streams work in Node only');
}

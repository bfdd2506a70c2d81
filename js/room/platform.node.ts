import { statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';

import { WebSocket as NodeWebSocket } from 'ws';

import { joinParts } from './parts.js';
import type { PathSource } from './path-source.js';
import type { FileSink, NodeWritable } from './file-types.js';
import type { WebSocketConstructor } from './types.js';

/**
 * Largest message that is read at all, in bytes: the room refuses all above 128 KiB with an error of its own, but a relay
 * must not be able to fill memory before it is asked. Above this the connection breaks, and comes back.
 */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/**
 * The WebSocket of `ws`: Node 20 has none of its own. Without compression, which ciphertext has no use for and which makes
 * large messages of small ones.
 *
 * Its frames are masked with zeros. Masks keep scripts in browsers from putting bytes of their choice on the wire (RFC 6455
 * section 10.3); here they are ciphertext, and masking would copy all of a file once more.
 */
export function defaultWebSocket(): WebSocketConstructor {
  return class extends NodeWebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols, { maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false, generateMask: (mask) => mask.fill(0) });
    }
  } as unknown as WebSocketConstructor;
}

/** Sends `parts` as one message. They must not change afterwards. */
export function sendParts(socket: WebSocket, parts: readonly Uint8Array<ArrayBuffer>[]): void {
  if (!(socket instanceof NodeWebSocket)) {
    socket.send(joinParts(parts));
    return;
  }
  // Fragments spare the copy that one buffer would take.
  for (const [index, part] of parts.entries()) socket.send(part, { binary: true, fin: index === parts.length - 1 });
}

/**
 * Gives memory back at once, by sending it to where nobody is. Left to the garbage collector, the pieces of a large file pile
 * up to dozens of megabytes, since nothing but their number gives it a reason to run.
 */
function createDisposal(): (bytes: Uint8Array) => void {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return ({ buffer }) => port1.postMessage(undefined, [buffer as ArrayBuffer]);
}

/** Writes to `path`, under another name until the file is whole and verified. */
export async function openPath(path: string): Promise<FileSink> {
  const partial = `${path}.part`;
  const file = await open(partial, 'w');
  const dispose = createDisposal();
  let position = 0;
  return {
    kind: 'node',
    async write(chunk) {
      let written = 0;
      while (written < chunk.length) {
        const { bytesWritten } = await file.write(chunk, written, chunk.length - written, position);
        written += bytesWritten;
        position += bytesWritten;
      }
      // A path is written to by nothing but a transfer, which is done with the chunk.
      dispose(chunk);
    },
    async close() {
      await file.close();
      await rename(partial, path);
    },
    async abort() {
      await file.close().catch(() => undefined);
      await rm(partial, { force: true });
    },
  };
}

/** The size of the file at `path`, in bytes: an offer says it, and making one is synchronous. */
export function sizeOf(path: string): number {
  return statSync(path).size;
}

/** Opens the file at `path` for reading. */
export async function openSource(path: string): Promise<PathSource> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    return {
      size,
      async readInto(bytes, offset) {
        let read = 0;
        while (read < bytes.length) {
          const { bytesRead } = await file.read(bytes, read, bytes.length - read, offset + read);
          if (bytesRead === 0) break;
          read += bytesRead;
        }
        return bytes.subarray(0, read);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Writes to a Node stream; each write waits until the stream has taken the bytes. */
export function wrapNodeWritable(stream: NodeWritable): FileSink {
  let failure: Error | undefined;
  stream.once('error', (error) => {
    failure = error;
  });
  return {
    kind: 'node',
    write(chunk) {
      if (failure !== undefined) return Promise.reject(failure);
      return new Promise((resolve, reject) => {
        stream.write(chunk, (error) => (error == null ? resolve() : reject(error)));
      });
    },
    close: () =>
      new Promise((resolve, reject) => {
        stream.once('error', reject);
        stream.end(resolve);
      }),
    abort(reason) {
      stream.destroy(reason instanceof Error ? reason : new Error('the transfer failed'));
      return Promise.resolve();
    },
  };
}

// What Node has at hand everywhere, for the tests in a page. Tests import it (the runner sees to that); the package cannot see it.

import { Buffer } from 'buffer';

// The package `buffer` reads base64url, but does not write it.
const { toString } = Buffer.prototype;
Buffer.prototype.toString = function (encoding?: BufferEncoding, start?: number, end?: number): string {
  if (encoding !== 'base64url') return toString.call(this, encoding, start, end);
  return toString.call(this, 'base64', start, end).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
};
const { from } = Buffer;
Buffer.from = ((value: string, encoding?: BufferEncoding | number, length?: number) =>
  from(value as never, (encoding === 'base64url' ? 'base64' : encoding) as never, length)) as unknown as typeof Buffer.from;

/** After all that is due now. */
export function setImmediate(call: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    call();
  };
  port2.postMessage(undefined);
}

const listeners = new Map<(reason: unknown) => void, (event: PromiseRejectionEvent) => void>();

export const process = {
  platform: 'browser',
  on(_: 'unhandledRejection', listener: (reason: unknown) => void): void {
    const listen = (event: PromiseRejectionEvent) => listener(event.reason);
    listeners.set(listener, listen);
    addEventListener('unhandledrejection', listen);
  },
  off(_: 'unhandledRejection', listener: (reason: unknown) => void): void {
    const listen = listeners.get(listener);
    if (listen !== undefined) removeEventListener('unhandledrejection', listen);
  },
} as const;

export { Buffer };

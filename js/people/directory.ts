import { hushError } from '../errors.js';
import type { Bytes } from '../types.js';

/** Asks the directory: one frame out, one frame back. */
export type Ask = (request: Uint8Array, signal: AbortSignal | undefined) => Promise<Bytes>;

const TIMEOUT_MS = 15_000;
/** As large as a frame may be. */
const MAX_ANSWER_BYTES = 128 * 1024;

/** The directory of a relay. */
export function directoryOf(relay: string | URL, fetch: typeof globalThis.fetch): Ask {
  const url = directoryUrl(relay);
  return async (request, signal) => {
    const limit = AbortSignal.timeout(TIMEOUT_MS);
    try {
      // Without a Content-Type, so that browsers ask no permission first. A copy: the bytes must not be in wasm memory.
      const response = await fetch(url, {
        method: 'POST',
        body: new Uint8Array(request),
        credentials: 'omit',
        cache: 'no-store',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      });
      if (response.status === 404) throw hushError('UNSUPPORTED', 'this relay keeps no directory');
      if (!response.ok) throw hushError('CONNECT_FAILED', `the directory answered ${response.status}`);
      return await read(response);
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof Error && cause.name === 'HushError') throw cause;
      throw hushError('CONNECT_FAILED', 'the directory cannot be reached', cause);
    }
  };
}

/** Not more than a frame, whatever the other side sends. */
async function read(response: Response): Promise<Bytes> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const chunk = await reader?.read();
    if (chunk === undefined || chunk.done) break;
    length += chunk.value.length;
    if (length > MAX_ANSWER_BYTES) {
      await reader?.cancel();
      throw hushError('FRAME_TOO_LARGE', 'the directory answered with more than a frame');
    }
    parts.push(chunk.value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** `/directory` in the place of the relay's `/ws`, over HTTP. */
function directoryUrl(relay: string | URL): string {
  const url = new URL(relay);
  if (url.protocol === 'ws:') url.protocol = 'http:';
  if (url.protocol === 'wss:') url.protocol = 'https:';
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TypeError('relay must be a ws:, wss:, http: or https: address');
  url.pathname = `${url.pathname.replace(/\/(ws)?$/, '')}/directory`;
  url.search = '';
  // A share code's fragment must never get near the wire.
  url.hash = '';
  return url.href;
}

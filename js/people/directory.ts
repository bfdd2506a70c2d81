import { hushError } from '../errors.js';
import type { Bytes } from '../types.js';

/** Asks the directory: one frame out, one frame back. */
export type Ask = (request: Uint8Array, signal: AbortSignal | undefined) => Promise<Bytes>;

const TIMEOUT_MS = 15_000;
/** As large as a frame may be. */
const MAX_ANSWER_BYTES = 128 * 1024;
/** What a relay that keeps a directory answers to GET. */
const KEPT = 'hushroom/1 people';

/** The directory of a relay. */
export function directoryOf(relay: string | URL, fetch: typeof globalThis.fetch): Ask {
  const url = directoryUrl(relay);
  return (request, signal) =>
    // Without a Content-Type, so that browsers ask no permission first. A copy: the bytes must not be in wasm memory.
    call(url, { method: 'POST', body: new Uint8Array(request) }, fetch, signal, async (response) => {
      if (response.status === 404) throw hushError('UNSUPPORTED', 'this relay keeps no directory');
      if (!response.ok) throw hushError('CONNECT_FAILED', `the directory answered ${response.status}`);
      return read(response);
    });
}

/** Whether a relay keeps a directory. */
export function isKept(relay: string | URL, fetch: typeof globalThis.fetch, signal: AbortSignal | undefined): Promise<boolean> {
  return call(directoryUrl(relay), { method: 'GET' }, fetch, signal, async (response) => {
    // No content, or 404 where a relay knows nothing of directories: none.
    if (response.status === 404 || response.status === 204) return false;
    if (!response.ok) throw hushError('CONNECT_FAILED', `the relay answered ${response.status}`);
    return new TextDecoder().decode(await read(response)) === KEPT;
  });
}

async function call<T>(
  url: string,
  init: RequestInit,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal | undefined,
  answer: (response: Response) => Promise<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      ...init,
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
    return await answer(response);
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof Error && cause.name === 'HushError') throw cause;
    throw hushError('CONNECT_FAILED', 'the directory cannot be reached', cause);
  }
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

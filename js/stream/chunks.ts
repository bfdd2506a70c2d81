import { checkBytes } from '../check.js';

/** Chunks of a source, one at a time. */
export interface ChunkReader {
  /**
   * The next chunk, `undefined` at the end. Not to be called again before it has settled, nor after the end.
   *
   * A reader that has {@link isOver} gives `wanted` bytes or more until the end comes, if it can choose, and may write over
   * them at the next call.
   */
  read(wanted: number): Promise<Uint8Array | undefined>;
  /** Whether nothing follows, known without reading. Where it is missing, only `read` can tell. */
  isOver?(): boolean;
  /** Tells the source that no more is wanted. May be called at any time, and again. */
  cancel(reason: unknown): Promise<void>;
}

/** Chunks as a stream gives them. */
export function streamReader(stream: ReadableStream<Uint8Array>): ChunkReader {
  const reader = stream.getReader();
  let ended = false;
  return {
    async read() {
      const { done, value } = await reader.read();
      if (!done) return checkChunk(value);
      ended = true;
      reader.releaseLock();
      return undefined;
    },
    cancel: (reason) => (ended ? Promise.resolve() : reader.cancel(reason)),
  };
}

/** Chunks that WebCrypto would refuse, because their bytes could change or vanish under it, are copied. */
export function checkChunk(chunk: unknown): Uint8Array {
  checkBytes('what the source gives', chunk);
  const { buffer } = chunk;
  const fixed = Object.prototype.toString.call(buffer) === '[object ArrayBuffer]' && !(buffer as { resizable?: boolean }).resizable;
  return fixed ? chunk : new Uint8Array(chunk);
}

import type { ChunkReader } from './chunks.js';

/** A piece of the source. */
export interface Piece {
  /** Valid until the next call of `take`. */
  readonly bytes: Uint8Array;
  /** Whether nothing follows it. */
  readonly last: boolean;
  /** Bytes of the source up to the end of this piece. */
  readonly position: number;
}

/** Cuts a source into pieces of given lengths, whatever the lengths of its chunks. */
export interface Cutter {
  /**
   * The next `length` bytes, fewer only at the end. Reads one chunk ahead where it has to, to tell whether they are the last.
   * Not to be called again before it has settled.
   */
  take(length: number): Promise<Piece>;
}

const NO_BYTES = new Uint8Array(0);

/**
 * Copies only what lies across chunks, into one buffer of `largest` bytes that is used again and again: whoever takes a
 * piece must be done with it, or have copied it, before taking the next. WebCrypto and wasm copy when they are called.
 */
export function createCutter(reader: ChunkReader, largest: number): Cutter {
  let chunk: Uint8Array = NO_BYTES;
  let ended = false;
  let buffer: Uint8Array | undefined;
  let position = 0;

  function isOver(): boolean {
    return ended || reader.isOver?.() === true;
  }

  /** Gets a chunk when there is none. */
  async function refill(wanted: number): Promise<boolean> {
    while (chunk.length === 0 && !isOver()) {
      const next = await reader.read(wanted);
      if (next === undefined) ended = true;
      else chunk = next;
    }
    return chunk.length > 0;
  }

  function cut(length: number): Uint8Array {
    const bytes = chunk.subarray(0, length);
    chunk = bytes.length < chunk.length ? chunk.subarray(bytes.length) : NO_BYTES;
    return bytes;
  }

  async function gather(length: number): Promise<Uint8Array> {
    if (chunk.length === 0) await refill(length);
    const first = cut(length);
    if (first.length === length || isOver()) return first;
    buffer ??= new Uint8Array(largest);
    buffer.set(first);
    let filled = first.length;
    if (!(await refill(length - filled))) return buffer.subarray(0, filled);
    do {
      const part = cut(length - filled);
      buffer.set(part, filled);
      filled += part.length;
    } while (filled < length && (await refill(length - filled)));
    return buffer.subarray(0, filled);
  }

  return {
    async take(length) {
      const bytes = await gather(length);
      position += bytes.length;
      // A reader that knows is not asked to read ahead: it may write over `bytes`.
      const last = chunk.length === 0 && (reader.isOver?.() ?? !(await refill(length)));
      return { bytes, last, position };
    },
  };
}

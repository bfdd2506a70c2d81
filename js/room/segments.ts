/** A segment's plaintext, as it is cut from a stream. */
export interface Segment {
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/**
 * Cuts a stream into segments of `first`, then `rest` bytes. Looks one chunk ahead, so the last segment is known as such
 * even when it is full. Yields at least one segment.
 */
export async function* cutSegments(chunks: AsyncIterable<Uint8Array>, first: number, rest: number): AsyncGenerator<Segment> {
  let size = first;
  let segment = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of chunks) {
    let taken = 0;
    while (taken < chunk.length) {
      if (filled === size) {
        yield { bytes: segment, last: false };
        size = rest;
        segment = new Uint8Array(size);
        filled = 0;
      }
      const part = chunk.subarray(taken, taken + size - filled);
      segment.set(part, filled);
      filled += part.length;
      taken += part.length;
    }
  }
  yield { bytes: segment.subarray(0, filled), last: true };
}

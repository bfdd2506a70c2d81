// What both kinds of clients have in common: sizes, and made-up bytes to send.

/** Bytes of file in one bulk frame. */
export const SEGMENT_BYTES = 65_536;

const BLOCK_BYTES = 1024 * 1024;

/**
 * A file of `size` bytes that costs nothing to read: the same random block again and again, so that neither disk nor
 * generator is measured.
 *
 * @param {number} size
 */
export function madeUpFile(size) {
  const block = new Uint8Array(BLOCK_BYTES);
  // Not more at once: that is the limit of the platform's generator.
  for (let at = 0; at < BLOCK_BYTES; at += SEGMENT_BYTES) crypto.getRandomValues(block.subarray(at, at + SEGMENT_BYTES));
  return {
    size,
    /** @param {number} offset @param {number} length */
    async read(offset, length) {
      const from = offset % BLOCK_BYTES;
      if (from + length <= BLOCK_BYTES) return block.subarray(from, from + length);
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at += BLOCK_BYTES - ((offset + at) % BLOCK_BYTES)) {
        bytes.set(block.subarray((offset + at) % BLOCK_BYTES).subarray(0, length - at), at);
      }
      return bytes;
    },
  };
}

/** Milliseconds of a clock that all processes of this machine share. */
export const sharedNow = () => performance.timeOrigin + performance.now();

import type { Protocol } from '../types.js';

const CELL = 65_536;
const TAG = 16;
const NATIVE_HEADER = 40;

/** How the files of a protocol are cut into pieces. */
export interface FileLayout {
  /** Plaintext of the first piece, in bytes. */
  readonly first: number;
  /** Plaintext of every other piece but the last. */
  readonly rest: number;
  /** What stands in front of the first piece's ciphertext. */
  readonly header: number;
  /** Bytes of the file up to `offset`, as the machine counts, which ends a piece. */
  plaintextBytes(offset: number): number;
  /** Whether files are sent without being asked for; else whoever wants one says so first. */
  readonly pushed: boolean;
  /** Largest file in bytes. */
  readonly maxBytes: number;
}

export const LAYOUTS: Readonly<Record<Protocol, FileLayout>> = {
  // One segment is one frame, and the machine counts ciphertext.
  hush1: {
    first: CELL - NATIVE_HEADER - TAG,
    rest: CELL - TAG,
    header: NATIVE_HEADER,
    plaintextBytes: (offset) => (offset === 0 ? 0 : offset - NATIVE_HEADER - TAG * Math.ceil(offset / CELL)),
    pushed: false,
    maxBytes: Number.MAX_SAFE_INTEGER,
  },
  arthas: { first: CELL, rest: CELL, header: 0, plaintextBytes: (offset) => offset, pushed: true, maxBytes: 80 * CELL },
};

/** An open file, read at any place. */
export interface PathSource {
  /** In bytes. */
  readonly size: number;
  /** Fills `bytes` from `offset` on; returns the part that was filled, all of it unless the file ends before. */
  readInto(bytes: Uint8Array, offset: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

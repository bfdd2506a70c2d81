import type { RandomAccessSource } from './types.js';

/** Whether `value` can do what we need of a Blob. By what it can do, not by its class: blobs come from other realms and polyfills, too. */
export function isBlob(value: object): value is Blob {
  const { stream, slice, size } = value as Partial<Blob>;
  return typeof stream === 'function' && typeof slice === 'function' && typeof size === 'number';
}

/** A Blob, to be read at any place. */
export function blobAccess(blob: Blob): RandomAccessSource {
  return {
    size: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}

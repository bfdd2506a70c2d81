import { blobAccess, isBlob } from '../blob.js';
import { hushError, isHushError } from '../errors.js';
import { openSource, sizeOf } from '#platform';
import type { PathSource } from './path-source.js';
import { joinParts } from './parts.js';
import type { RandomAccessSource } from '../types.js';
import type { FileSource, SendFileOptions } from './file-types.js';

/** What is known of a source before it is read. */
export interface SourceInfo {
  readonly name: string;
  readonly mime: string;
  readonly size: number | undefined;
}

/** A source that can be read at any place, again and again. */
export interface RandomSource extends SourceInfo {
  readonly kind: 'random';
  readonly size: number;
  /** At once, without a promise, if the bytes are in memory. */
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
  /** What `read` gave is no longer looked at, and may be written over. */
  recycle?(bytes: Uint8Array): void;
  close(): Promise<void>;
}

/** A source that is read once, from its beginning to its end. */
export interface StreamedSource extends SourceInfo {
  readonly kind: 'stream';
  readonly chunks: AsyncIterable<Uint8Array>;
}

const DEFAULT_MIME = 'application/octet-stream';
/** Read at once: slices of a Blob and reads of a file cost the same for 64 KiB as for this. */
const BLOCK_BYTES = 1024 * 1024;
/** No segment has more plaintext. */
const SEGMENT_BYTES = 65_536;
/** Blocks kept: the one in use, the next, and one for a receiver that is behind. */
const BLOCKS = 4;

/**
 * What can be sent as a file, in one of two shapes.
 *
 * @throws `SOURCE_FAILED` when a path cannot be opened, `TypeError` for anything that is no source.
 */
export async function openFileSource(source: FileSource, options: SendFileOptions): Promise<RandomSource | StreamedSource> {
  const info = describe(source, options);
  if (typeof source === 'string') {
    const file = await openSource(source).catch((cause: unknown) => {
      throw hushError('SOURCE_FAILED', 'the file cannot be opened', cause);
    });
    return { ...info, kind: 'random', size: file.size, ...pooledReader(file), close: () => file.close() };
  }
  if (ArrayBuffer.isView(source)) return bytesSource(info, source);
  if (isBlob(source)) return randomSource(info, blobAccess(source));
  if (isRandomAccess(source)) return randomSource(info, source);
  if (!('getReader' in source) && !(Symbol.asyncIterator in source)) {
    throw new TypeError('a file is a Blob, a Uint8Array, a stream, an async iterable, {size, read} or a path');
  }
  return { ...info, kind: 'stream', chunks: iterate(source as ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>) };
}

/**
 * What can be said of a source without reading it.
 *
 * @throws `SOURCE_FAILED` when a path leads nowhere.
 */
export function describe(source: FileSource, options: SendFileOptions): SourceInfo {
  const known = typeof source === 'object' ? (source as { name?: unknown; type?: unknown; size?: unknown }) : {};
  const path = typeof source === 'string' ? source.split(/[\\/]/).pop() : undefined;
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  const size = typeof source === 'string' ? sizeOfPath(source) : ArrayBuffer.isView(source) ? source.byteLength : known.size;
  return {
    name: options.name ?? text(known.name) ?? text(path) ?? 'file',
    mime: options.mime ?? text(known.type) ?? DEFAULT_MIME,
    size: typeof size === 'number' ? size : options.size,
  };
}

function sizeOfPath(path: string): number {
  try {
    return sizeOf(path);
  } catch (cause) {
    throw isHushError(cause) ? cause : hushError('SOURCE_FAILED', 'the file cannot be opened', cause);
  }
}

/** Node's own streams have a `read` too, but no size. */
export function isRandomAccess(source: object): source is RandomAccessSource {
  return 'read' in source && typeof source.read === 'function' && 'size' in source && typeof source.size === 'number';
}

/** Bytes in memory. */
export function bytesSource(info: SourceInfo, bytes: Uint8Array): RandomSource {
  return {
    ...info,
    kind: 'random',
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
    close: () => Promise.resolve(),
  };
}

/** Reads block by block, one ahead, and hands out parts of blocks. */
function randomSource(info: SourceInfo, source: RandomAccessSource, close = () => Promise.resolve()): RandomSource {
  const blocks = new Map<number, Uint8Array | Promise<Uint8Array>>();

  function block(index: number): Uint8Array | Promise<Uint8Array> {
    const known = blocks.get(index);
    if (known !== undefined) {
      blocks.delete(index);
      blocks.set(index, known);
      return known;
    }
    const offset = index * BLOCK_BYTES;
    const length = Math.min(BLOCK_BYTES, source.size - offset);
    const bytes = readExactly(source, offset, length);
    blocks.set(index, bytes);
    bytes.then(
      (read) => blocks.has(index) && blocks.set(index, read),
      () => blocks.delete(index),
    );
    for (const oldest of blocks.keys()) {
      if (blocks.size <= BLOCKS) break;
      blocks.delete(oldest);
    }
    return bytes;
  }

  async function readAcross(start: Uint8Array | Promise<Uint8Array>, last: number, from: number, length: number): Promise<Uint8Array> {
    const head = (await start).subarray(from, from + length);
    return head.length === length ? head : joinParts([head, (await block(last)).subarray(0, length - head.length)]);
  }

  return {
    ...info,
    kind: 'random',
    size: source.size,
    close,
    read(offset, length) {
      const first = Math.floor(offset / BLOCK_BYTES);
      const last = Math.floor((offset + Math.max(length, 1) - 1) / BLOCK_BYTES);
      const from = offset - first * BLOCK_BYTES;
      const start = block(first);
      if ((last + 1) * BLOCK_BYTES < source.size) void block(last + 1);
      if (first === last && !('then' in start)) return start.subarray(from, from + length);
      return readAcross(start, last, from, length);
    },
  };
}

/**
 * Reads a file into buffers that are used again. Buffers that are dropped lie about by the dozen megabytes, since nothing
 * else gives the garbage collector a reason to run.
 */
function pooledReader(file: PathSource): Required<Pick<RandomSource, 'read' | 'recycle'>> {
  const free: ArrayBuffer[] = [];
  return {
    async read(offset, length) {
      const buffer = free.pop() ?? new ArrayBuffer(SEGMENT_BYTES);
      return readExactly({ size: file.size, read: () => file.readInto(new Uint8Array(buffer, 0, length), offset) }, offset, length);
    },
    recycle: ({ buffer }) => void free.push(buffer as ArrayBuffer),
  };
}

async function readExactly(source: RandomAccessSource, offset: number, length: number): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await source.read(offset, length);
  } catch (cause) {
    throw hushError('SOURCE_FAILED', 'the source cannot be read', cause);
  }
  if (bytes.length !== length) throw hushError('SOURCE_FAILED', `the source has ${bytes.length} bytes where it should have ${length}`);
  return bytes;
}

/** The chunks of a source, whose failure becomes `SOURCE_FAILED`. */
async function* iterate(source: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    // Not every browser can iterate a ReadableStream.
    yield* 'getReader' in source ? readAll(source) : source;
  } catch (cause) {
    throw hushError('SOURCE_FAILED', 'the source cannot be read', cause);
  }
}

async function* readAll(source: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = source.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

import { hushError, isHushError } from '../errors.js';
import { openPath, wrapNodeWritable } from '#platform';
import type { FileSink, NodeWritable, SinkTarget } from './file-types.js';

/** Largest file that a Blob takes: it lies in memory as a whole. */
export const BLOB_LIMIT_BYTES: number = 256 * 1024 * 1024;

/**
 * What is gathered before it becomes a Blob, in bytes. A Blob is kept outside the page's own memory, in some browsers on disk;
 * pieces that wait for the end would lie in it until then, and twice at the end.
 */
const GATHERED_BYTES = 4 * 1024 * 1024;

/** What a sink is for. */
export interface SinkFile {
  readonly name: string;
  readonly mime: string;
  /** In bytes, if known. */
  readonly size: number | undefined;
}

/** Parts of the File System Access API that TypeScript's library does not have. */
interface PickerGlobal {
  showSaveFilePicker?: (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;
}

/**
 * Lets the user choose where to save, and streams there.
 *
 * Call from a user gesture. Chromium only.
 *
 * @throws `UNSUPPORTED` where there is no save picker; an `AbortError` when the user closes it.
 */
export async function pickerSink(file: SinkFile): Promise<FileSink> {
  const { showSaveFilePicker } = globalThis as PickerGlobal;
  if (showSaveFilePicker === undefined) throw hushError('UNSUPPORTED', 'this platform has no save picker');
  const handle = await showSaveFilePicker.call(globalThis, { suggestedName: file.name });
  return streamSink(await handle.createWritable(), 'picker');
}

const OPFS_FOLDER = 'hushroom';
const OPFS_KEEP_MS = 24 * 60 * 60 * 1000;

/**
 * Streams into the origin's private file system; `saveFile` then hands the file to the user without loading it.
 *
 * Files of earlier pages are removed a day later, when the next one is received.
 *
 * @throws `UNSUPPORTED` where there is none that can be written to (private windows, Safari before 26, Node).
 */
export async function opfsSink(file: SinkFile): Promise<FileSink> {
  const storage = (globalThis.navigator as Navigator | undefined)?.storage as StorageManager | undefined;
  if (typeof storage?.getDirectory !== 'function') throw hushError('UNSUPPORTED', 'this platform has no private file system');
  let handle: FileSystemFileHandle;
  let folder: FileSystemDirectoryHandle;
  const entry = `${Date.now()}-${crypto.randomUUID()}`;
  try {
    folder = await (await storage.getDirectory()).getDirectoryHandle(OPFS_FOLDER, { create: true });
    await removeOld(folder);
    handle = await folder.getFileHandle(entry, { create: true });
    if (typeof handle.createWritable !== 'function') throw new TypeError('not writable here');
  } catch (cause) {
    throw hushError('UNSUPPORTED', 'the private file system cannot be used here', cause);
  }
  const sink = streamSink(await handle.createWritable(), 'opfs');
  return {
    ...sink,
    async abort(reason) {
      await sink.abort(reason);
      await folder.removeEntry(entry).catch(() => undefined);
    },
    async file() {
      const stored = await handle.getFile();
      // A view with the right name and type; the bytes stay on disk.
      return new File([stored], file.name, { type: file.mime });
    },
  };
}

async function removeOld(folder: FileSystemDirectoryHandle): Promise<void> {
  for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) {
    const age = Date.now() - Number.parseInt(name, 10);
    if (age > OPFS_KEEP_MS) await folder.removeEntry(name).catch(() => undefined);
  }
}

/**
 * Collects the file in memory.
 *
 * @param limit - In bytes; at most, and by default, 256 MiB.
 * @throws `SINK_TOO_LARGE` at once if the size is known and above the limit; else on the write that goes above it.
 */
export function blobSink(file: SinkFile, limit: number = BLOB_LIMIT_BYTES): FileSink {
  const cap = Math.min(limit, BLOB_LIMIT_BYTES);
  const refuse = () => hushError('SINK_TOO_LARGE', `a file in memory has at most ${cap} bytes; give a sink that streams`);
  if (file.size !== undefined && file.size > cap) throw refuse();
  let blobs: Blob[] = [];
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  let gathered = 0;

  function gather(): void {
    blobs.push(new Blob(pieces));
    pieces = [];
    gathered = 0;
  }

  return {
    kind: 'blob',
    write(chunk) {
      length += chunk.length;
      if (length > cap) return Promise.reject(refuse());
      pieces.push(chunk as Uint8Array<ArrayBuffer>);
      gathered += chunk.length;
      if (gathered >= GATHERED_BYTES) gather();
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
    abort() {
      blobs = [];
      pieces = [];
      return Promise.resolve();
    },
    file() {
      if (pieces.length > 0) gather();
      return Promise.resolve(new File(blobs, file.name, { type: file.mime }));
    },
  };
}

/** Writes to any stream. */
export function streamSink(stream: WritableStream<Uint8Array>, kind: FileSink['kind'] = 'stream'): FileSink {
  const writer = stream.getWriter();
  // A failing stream rejects these too, whether or not somebody looks at them.
  writer.closed.catch(() => undefined);
  writer.ready.catch(() => undefined);
  return {
    kind,
    // It resolves once the stream has taken the chunk: with one write at a time, there is no need to wait for `ready`.
    write: (chunk) => writer.write(chunk),
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason).catch(() => undefined),
  };
}

/**
 * The sink for `target`, or the platform's best: the save picker, else the private file system, else memory.
 *
 * @throws `SINK_TOO_LARGE`, `SINK_FAILED` when a path cannot be written to, `UNSUPPORTED`, an `AbortError` when the user
 * closes the picker.
 */
export async function openSink(target: SinkTarget | undefined, file: SinkFile): Promise<FileSink> {
  if (typeof target === 'string') {
    return openPath(target).catch((cause: unknown) => {
      throw isHushError(cause) ? cause : hushError('SINK_FAILED', 'the file cannot be made', cause);
    });
  }
  if (target !== undefined) {
    if (isSink(target)) return target;
    if ('getWriter' in target) return streamSink(target);
    if (typeof (target as Partial<NodeWritable>).write === 'function') return wrapNodeWritable(target as NodeWritable);
    throw new TypeError('sink must be a FileSink, a WritableStream, a Node Writable or a path');
  }
  if ((globalThis as PickerGlobal).showSaveFilePicker !== undefined) return pickerSink(file);
  try {
    return await opfsSink(file);
  } catch {
    return blobSink(file);
  }
}

function isSink(target: object): target is FileSink {
  return 'kind' in target && 'abort' in target && 'close' in target;
}

/**
 * Hands a received file to the user as a download. Browser pages only.
 *
 * @throws `UNSUPPORTED` outside a page.
 */
export function saveFile(file: Blob, name: string): void {
  const { document } = globalThis as { document?: Document };
  if (document === undefined) throw hushError('UNSUPPORTED', 'downloads need a page');
  const url = URL.createObjectURL(file);
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  // Revoking at once cuts off downloads that have only begun.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

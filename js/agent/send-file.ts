import { constants } from 'node:fs';
import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';

import { checkObject, checkString } from '../check.js';
import { hushError } from '../errors.js';
import type { OutgoingTransfer } from '../room/file-types.js';
import type { Room } from '../room/types.js';
import type { SendFileFromOptions } from './types.js';

/**
 * Sends a file, if it lies below an allowed folder: for paths that come from a model or from the room itself.
 *
 * Refused are paths that lead out of the folder, by `..` or by a link in them, and whatever is not a plain file. What was checked is
 * what is sent: the file is opened once, and read through that.
 *
 * @param path - Absolute, or relative to the folder.
 * @throws `INVALID_ARGUMENT` when the path is not allowed, `SOURCE_FAILED` when it cannot be read, `TOO_LARGE`; as `room.sendFile`.
 *
 * @example
 * ```ts
 * import { createRoom } from 'hushroom/room';
 * import { sendFileFrom } from 'hushroom/agent';
 *
 * const room = await createRoom({ relay: 'ws://127.0.0.1:8787/ws', name: 'Files' });
 * const transfer = await sendFileFrom(room, 'report.pdf', { folder: './outbox' });
 * await transfer.done;
 * ```
 */
export async function sendFileFrom(room: Room, path: string, options: SendFileFromOptions): Promise<OutgoingTransfer> {
  checkString('path', path);
  checkObject('options', options);
  checkString('options.folder', options.folder);
  options.signal?.throwIfAborted();
  const { file, size, name } = await openBelow(options.folder, path);
  try {
    if (options.maxBytes !== undefined && size > options.maxBytes) throw hushError('TOO_LARGE', `the file has more than ${options.maxBytes} bytes`);
    options.signal?.throwIfAborted();
    const source = { size, read: (offset: number, length: number) => readAt(file, offset, length) };
    const transfer = room.sendFile(source, {
      name: options.name ?? name,
      ...(options.mime !== undefined && { mime: options.mime }),
      ...(options.signal !== undefined && { signal: options.signal }),
    });
    const close = () => void file.close().catch(() => undefined);
    transfer.done.then(close, close);
    return transfer;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openBelow(folder: string, path: string): Promise<{ file: FileHandle; size: number; name: string }> {
  const outside = () => hushError('INVALID_ARGUMENT', 'the path is not a plain file below the allowed folder');
  if (path.includes('\0')) throw outside();
  const root = await realpath(folder).catch(unreadable);
  const inside = relative(resolve(folder), resolve(folder, path));
  if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) throw outside();
  const wanted = join(root, inside);
  // Not blocking: opening a pipe would wait for somebody who writes to it.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const file = await open(wanted, flags).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') throw outside();
    return unreadable(error);
  });
  try {
    const opened = await file.stat();
    // Looked at once it is open, so that nobody can put a link into the path in between: without links, `wanted` is what is open.
    const there = (await realpath(wanted).catch(unreadable)) === wanted ? await stat(wanted).catch(unreadable) : undefined;
    if (!opened.isFile() || there?.ino !== opened.ino || there.dev !== opened.dev) throw outside();
    return { file, size: opened.size, name: basename(wanted) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function unreadable(cause: unknown): never {
  throw hushError('SOURCE_FAILED', 'the file cannot be read', cause);
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await file.read(bytes, read, length - read, offset + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return bytes.subarray(0, read);
}

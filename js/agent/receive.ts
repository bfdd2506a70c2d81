import { constants } from 'node:fs';
import { mkdir, open, realpath, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { checkInteger, checkObject, checkString } from '../check.js';
import { hushError } from '../errors.js';
import type { FileOffer, FileSink, IncomingTransfer } from '../room/file-types.js';
import { numbered, safeName } from './safe-name.js';
import type { Attachment, FileRules } from './types.js';

const MAX_BYTES = 25 * 1024 * 1024;
const MAX_TOTAL_BYTES = 1024 ** 3;
const MAX_FILES = 10_000;
const MAX_AT_ONCE = 8;
const MAX_SAME_NAME = 1_000;

/** Puts files into a folder. */
export interface Receiver {
  /**
   * The file, once it is there; `undefined` when it was declined: it is too large, or not wanted, or 8 are on their way.
   *
   * @throws As `IncomingTransfer.done`; `SINK_FAILED` when it cannot be written.
   */
  receive(offer: FileOffer): Promise<Attachment | undefined>;
}

/** @throws `TypeError` and `RangeError` for rules that are none. */
export function createReceiver(rules: FileRules, signal?: AbortSignal): Receiver {
  checkObject('files', rules);
  checkString('files.folder', rules.folder);
  const { maxBytes = MAX_BYTES, maxTotalBytes = MAX_TOTAL_BYTES, maxFiles = MAX_FILES, accept } = rules;
  checkInteger('files.maxBytes', maxBytes, Number.MAX_SAFE_INTEGER);
  checkInteger('files.maxTotalBytes', maxTotalBytes, Number.MAX_SAFE_INTEGER);
  checkInteger('files.maxFiles', maxFiles, Number.MAX_SAFE_INTEGER);
  let left = maxTotalBytes;
  let count = 0;
  let running = 0;

  async function run(offer: FileOffer, limit: number): Promise<Attachment> {
    const place = await makeFile(rules.folder, safeName(offer.name));
    const sink = fileSink(place.file, place.path, limit);
    const { size } = await accepted(offer, sink).done;
    left += limit - size;
    return {
      name: offer.name,
      mime: offer.mime,
      size,
      path: place.path,
      ...(offer.voiceSeconds !== undefined && { voiceSeconds: offer.voiceSeconds }),
    };
  }

  function accepted(offer: FileOffer, sink: FileSink): IncomingTransfer {
    try {
      return offer.accept(sink, signal === undefined ? {} : { signal });
    } catch (error) {
      // Withdrawn while the file was made.
      void sink.abort(error);
      throw error;
    }
  }

  return {
    async receive(offer) {
      // Of an unknown length: whatever one file may take is set aside for it.
      const limit = offer.size ?? Math.min(maxBytes, left);
      const wanted = limit <= maxBytes && limit <= left && running < MAX_AT_ONCE && count < maxFiles && (left > 0 || limit === 0);
      if (!wanted || (accept !== undefined && !accept(offer))) {
        offer.decline();
        return undefined;
      }
      running += 1;
      count += 1;
      left -= limit;
      try {
        return await run(offer, limit);
      } catch (error) {
        left += limit;
        throw error;
      } finally {
        running -= 1;
      }
    },
  };
}

/** Makes a file that was not there: never through a link, never over another. */
async function makeFile(folder: string, name: string): Promise<{ file: FileHandle; path: string }> {
  try {
    await mkdir(folder, { recursive: true });
    const root = await realpath(folder);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
    for (let count = 1; count <= MAX_SAME_NAME; count += 1) {
      const path = join(root, numbered(name, count));
      try {
        return { file: await open(path, flags, 0o600), path };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
    throw new Error('there are too many files of this name');
  } catch (cause) {
    throw hushError('SINK_FAILED', 'the file cannot be made', cause);
  }
}

/** Writes to `file`, never more than `limit` bytes whatever was promised, and removes it if it does not become whole. */
function fileSink(file: FileHandle, path: string, limit: number): FileSink {
  let position = 0;
  let over = false;
  return {
    kind: 'node',
    async write(chunk) {
      if (position + chunk.length > limit) throw hushError('SINK_TOO_LARGE', `the file has more than ${limit} bytes`);
      for (let written = 0; written < chunk.length; ) {
        const { bytesWritten } = await file.write(chunk, written, chunk.length - written, position);
        written += bytesWritten;
        position += bytesWritten;
      }
    },
    async close() {
      over = true;
      await file.close();
    },
    async abort() {
      if (over) return;
      over = true;
      await file.close().catch(() => undefined);
      await rm(path, { force: true });
    },
  };
}

// Files on disk, of made-up bytes.

import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { madeUpFile } from '../transfer/frames.mjs';
import { MIB } from './stats.mjs';

/** @param {string} folder @param {number} size @returns {Promise<string>} Its path. */
export async function writeMadeUpFile(folder, size) {
  const path = join(folder, `${size}`);
  const { read } = madeUpFile(size);
  const blocks = async function* () {
    for (let at = 0; at < size; at += MIB) yield Buffer.from(await read(at, Math.min(MIB, size - at)));
  };
  await pipeline(Readable.from(blocks()), createWriteStream(path));
  return path;
}

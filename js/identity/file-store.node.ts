import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import type { IdentityStore } from './types.js';

/** Turns at each path, for all copies of this package in the process. */
const TURNS: unique symbol = Symbol.for('hushroom.fileStore.turns');

/** See `fileStore`. */
export function platformFileStore(path: string): IdentityStore {
  const file = resolve(path);
  return {
    async get() {
      try {
        return new Uint8Array(await readFile(file));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async set(state) {
      // Written beside it and moved into its place, so that a crash leaves the old one or the new one. Under a name of its own, so that
      // two processes do not write into one file.
      const partial = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.part`;
      try {
        await write(partial, state);
        await rename(partial, file);
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
      if (process.platform === 'win32') return;
      const folder = await open(dirname(file), 'r');
      await folder.sync().finally(() => folder.close());
    },
    lock<T>(work: () => Promise<T>): Promise<T> {
      const all = ((globalThis as { [TURNS]?: Map<string, Promise<unknown>> })[TURNS] ??= new Map());
      const turn = (all.get(file) ?? Promise.resolve()).then(work);
      const settled = turn.catch(() => undefined).then(() => {
        if (all.get(file) === settled) all.delete(file);
      });
      all.set(file, settled);
      return turn;
    },
  };
}

async function write(path: string, state: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(state);
    await file.sync();
  } finally {
    await file.close();
  }
}

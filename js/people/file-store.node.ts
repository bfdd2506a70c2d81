import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { IdentityStore } from './types.js';

/** See `fileStore`. */
export function platformFileStore(path: string): IdentityStore {
  return {
    async get() {
      try {
        return new Uint8Array(await readFile(path));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async set(state) {
      // Written beside it and moved into its place, so that a crash leaves the old one or the new one.
      const partial = `${path}.part`;
      const file = await open(partial, 'w', 0o600);
      try {
        // The mode above holds for new files only.
        await file.chmod(0o600);
        await file.writeFile(state);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(partial, path);
      if (process.platform === 'win32') return;
      const folder = await open(dirname(path), 'r');
      await folder.sync().finally(() => folder.close());
    },
  };
}

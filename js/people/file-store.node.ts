import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { IdentityStore } from './types.js';

/**
 * Keeps an identity in a file that only its owner may read (mode 0600). One process at a time may use it.
 *
 * It is not sealed: whoever can read the file has the identity.
 *
 * @param path - The file; its folder must exist.
 *
 * @example
 * ```ts
 * import { fileStore, register } from 'hushroom/people';
 *
 * const people = await register({ relay: 'https://chat.example.com', userId: 'ada', store: fileStore('ada.identity') });
 * ```
 */
export function fileStore(path: string): IdentityStore {
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

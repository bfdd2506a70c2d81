import type { Bytes } from '../types.js';
import type { IdentityStore } from './types.js';

/** Keeps an identity for as long as the page or process runs. */
export function memoryStore(): IdentityStore {
  let kept: Bytes | undefined;
  return {
    get: () => Promise.resolve(kept?.slice()),
    set(state) {
      kept = state.slice();
      return Promise.resolve();
    },
  };
}

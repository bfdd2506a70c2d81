import type { Protocol } from 'hushroom/room';

import { t } from '../strings.ts';

/** The most an Arthas room carries. */
export const ARTHAS_FILE_BYTES = 5 * 1024 * 1024;

/** Why a file cannot be sent in a room of this kind, said before anything is sent; `undefined` if it can. */
export function refusalOf({ name, size }: File, protocol: Protocol): string | undefined {
  if (protocol !== 'arthas') return undefined;
  if (size === 0) return t.file.empty(name);
  return size > ARTHAS_FILE_BYTES ? t.file.tooLarge(name) : undefined;
}

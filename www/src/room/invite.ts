import { parseShareCode, shareLink } from 'hushroom/room';
import type { ShareCode } from 'hushroom/room';

/** The link that opens the room in this page. The code stands after the `#`, which browsers keep to themselves. */
export const linkOf = (code: string): string => shareLink(location.origin + location.pathname, code);

/** What of the link stands in the address bar: all from the `#` on. */
export const hashOf = (code: string): string => new URL(linkOf(code)).hash;

/** What the address bar holds from the `#` on, which can be read as a link; nothing if that is empty. */
export const linkInAddress = (): string => (location.hash.length > 1 ? location.hash : '');

/** What a code says without its key. */
export function partsOf(code: string): Omit<ShareCode, 'key'> {
  const { key, ...parts } = parseShareCode(code);
  key.fill(0);
  return parts;
}

/** Whether a code, or a link with it, is that of a room for two. */
export const isForTwo = (code: string): boolean => partsOf(code).maxMembers === 2;

/**
 * Reads a code or a link.
 *
 * @throws `INVALID_SHARE_CODE`.
 */
export const readCode = (text: string): ShareCode => parseShareCode(text);

import { checkInteger, checkObject, checkString } from './check.js';
import { wasm } from './load.js';
import type { ShareCode, ShareCodeOptions } from './types.js';

/** The numbers of a share code have at most 15 digits. */
const MAX_NUMBER = 999_999_999_999_999;

/**
 * Makes the share code of a new room: a random room id and a random key.
 *
 * The code is the room's address and key in one: whoever has it can join and read. Send it the way you would a password.
 *
 * @param options - The protocol, and hints on how long messages and the room last.
 * @returns 71 characters, more with hints.
 * @throws `RANDOM_UNAVAILABLE` when the platform has no secure random source; `INVALID_ARGUMENT` for a protocol that does
 * not exist; `UNSUPPORTED` for an Arthas room for two; `TypeError` and `RangeError` for options of a wrong type or outside 0 to 999,999,999,999,999.
 *
 * @example
 * ```ts
 * import { generateShareCode } from 'hushroom';
 *
 * const code = generateShareCode();
 * // 'hush1:V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8'
 * ```
 */
export function generateShareCode(options: ShareCodeOptions = {}): string {
  checkObject('options', options);
  const { protocol = 'hush1', ephemeralSeconds = 0, expiresAt = 0, maxMembers } = options;
  checkString('protocol', protocol);
  checkInteger('ephemeralSeconds', ephemeralSeconds, MAX_NUMBER);
  checkInteger('expiresAt', expiresAt, MAX_NUMBER);
  if (maxMembers !== undefined && maxMembers !== 2) throw new RangeError('maxMembers of a share code is 2 or left out');
  return wasm().generateShareCode(protocol, ephemeralSeconds, expiresAt, maxMembers === 2);
}

/**
 * Reads a share code, or a whole link that holds one. White space around it is ignored.
 *
 * @param text - What a user pasted.
 * @returns The parts. `key` is a fresh array that belongs to the caller: overwrite it when done.
 * @throws `INVALID_SHARE_CODE` when the text is neither; `TypeError` unless it is a string.
 *
 * @example
 * ```ts
 * import { generateShareCode, parseShareCode, shareLink } from 'hushroom';
 *
 * const link = shareLink('https://chat.example.com/', generateShareCode());
 * const { protocol, roomId, key } = parseShareCode(link);
 * ```
 */
export function parseShareCode(text: string): ShareCode {
  checkString('text', text);
  return wasm().parseShareCode(text) as ShareCode;
}

/**
 * Makes a link that carries a share code in its fragment, the part after `#` that browsers never send to a server.
 *
 * @param base - The address of the page that will read it: `https:`, `http:` or an extension's, without a fragment.
 * @param code - A share code, or a link that holds one.
 * @throws `INVALID_SHARE_CODE`; `INVALID_ARGUMENT` when `base` is not such an address; `TypeError` unless both are
 * strings.
 *
 * @example
 * ```ts
 * import { generateShareCode, shareLink } from 'hushroom';
 *
 * const link = shareLink('https://chat.example.com/', generateShareCode());
 * // 'https://chat.example.com/#hush1:V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8'
 * ```
 */
export function shareLink(base: string, code: string): string {
  checkString('base', base);
  checkString('code', code);
  return wasm().shareLink(base, code);
}

import { checkBytes, checkObject, checkString } from './check.js';
import { wasm } from './load.js';
import type { Bytes, SealedMessage } from './types.js';

/** Characters of an IV in base64url. */
const IV_LENGTH = 16;

/**
 * Seals a text or bytes with AES-256-GCM under a random 12-byte IV.
 *
 * At most 2^32 messages under one key. A message is at most 16 MiB and held in memory as a whole; for more there is
 * `encryptStream`. The length of the plaintext shows.
 *
 * @param key - 32 bytes, for instance of `generateFileKey` or of a share code. Not kept.
 * @param message - A string is sealed as UTF-8.
 * @returns Both parts, base64url: fit for JSON.
 * @throws `INVALID_KEY` unless the key has 32 bytes; `TOO_LARGE`; `RANDOM_UNAVAILABLE`; `TypeError` for wrong types.
 *
 * @example
 * ```ts
 * import { generateFileKey, openMessage, sealMessage } from 'hushroom';
 *
 * const key = generateFileKey();
 * const sealed = sealMessage(key, 'hello');
 * new TextDecoder().decode(openMessage(key, sealed)); // 'hello'
 * ```
 */
export function sealMessage(key: Uint8Array, message: string | Uint8Array): SealedMessage {
  checkBytes('key', key);
  const bytes = typeof message === 'string' ? new TextEncoder().encode(message) : message;
  checkBytes('message', bytes);
  const sealed = wasm().sealMessage(key, bytes);
  return { iv: sealed.slice(0, IV_LENGTH), ciphertext: sealed.slice(IV_LENGTH) };
}

/**
 * Opens what {@link sealMessage} has sealed.
 *
 * @param key - The 32 bytes it was sealed with. Not kept.
 * @param message - Both parts, base64url without padding.
 * @returns The plaintext, in a fresh array that belongs to the caller.
 * @throws `DECRYPT_FAILED` for a wrong key and for any change of the message, without saying which; `INVALID_MESSAGE`
 * when a part is not base64url of a possible length; `INVALID_KEY`; `TOO_LARGE`; `TypeError` for wrong types.
 *
 * @example
 * ```ts
 * import { generateFileKey, openMessage, sealMessage } from 'hushroom';
 *
 * const key = generateFileKey();
 * openMessage(key, sealMessage(key, new Uint8Array([1, 2, 3]))); // Uint8Array [1, 2, 3]
 * ```
 */
export function openMessage(key: Uint8Array, message: SealedMessage): Bytes {
  checkBytes('key', key);
  checkObject('message', message);
  const { iv, ciphertext } = message;
  checkString('iv', iv);
  checkString('ciphertext', ciphertext);
  return wasm().openMessage(key, iv, ciphertext) as Bytes;
}

import type { HushError, HushErrorCode } from './types.js';

/**
 * Whether `error` is one of this package's errors, so that its `code` can be looked at.
 *
 * Goes by name and code, not by class: a page may hold two copies of the package, or get the error from a worker.
 *
 * @param error - Anything, such as what a `catch` clause received.
 *
 * @example
 * ```ts
 * import { isHushError, parseShareCode } from 'hushroom';
 *
 * try {
 *   parseShareCode('not a code');
 * } catch (error) {
 *   if (!isHushError(error) || error.code !== 'INVALID_SHARE_CODE') throw error;
 * }
 * ```
 */
export function isHushError(error: unknown): error is HushError {
  if (typeof error !== 'object' || error === null) return false;
  const { name, code } = error as Partial<HushError>;
  return name === 'HushError' && typeof code === 'string';
}

/** Makes an error of this package. `message` and `cause` must carry no secret. */
export function hushError(code: HushErrorCode, message: string, cause?: unknown): HushError {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  Object.defineProperties(error, {
    name: { value: 'HushError', configurable: true, writable: true },
    code: { value: code, enumerable: true, configurable: true, writable: true },
  });
  return error as HushError;
}

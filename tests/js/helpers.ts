import { expect } from 'vitest';

import { isHushError } from '../../js/index.js';
import type { HushErrorCode } from '../../js/index.js';

/** The key of the known answers: 00 01 02 ... 1f. */
export const KEY: Uint8Array<ArrayBuffer> = Uint8Array.from({ length: 32 }, (_, i) => i);

/** Runs `call` and gives the code of the error it throws, which must be one of this package in every respect. */
export function codeOf(call: () => unknown): HushErrorCode {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    if (!isHushError(error)) throw error;
    expect(error.message).not.toBe('');
    return error.code;
  }
  throw new Error('nothing was thrown');
}

/** As {@link codeOf}, for a promise. */
export async function codeOfAsync(promise: Promise<unknown>): Promise<HushErrorCode> {
  const settled = await promise.then(
    () => () => undefined,
    (error: unknown) => () => {
      throw error;
    },
  );
  return codeOf(settled);
}

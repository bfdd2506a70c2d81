/** Resolves after `ms` milliseconds. @throws The signal's reason. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await within(new Promise<never>(() => undefined), ms, signal);
}

/**
 * What `promise` gives, or `undefined` once `ms` milliseconds are over (`Infinity`: never). Leaves neither timer nor listener behind.
 *
 * @throws What the promise throws; the signal's reason.
 */
export async function within<T>(promise: Promise<T>, ms: number, signal?: AbortSignal): Promise<T | undefined> {
  signal?.throwIfAborted();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let abort: (() => void) | undefined;
  const interruption = new Promise<undefined>((resolve, reject) => {
    if (Number.isFinite(ms)) timer = setTimeout(() => resolve(undefined), ms);
    abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([promise, interruption]);
  } finally {
    clearTimeout(timer);
    if (abort !== undefined) signal?.removeEventListener('abort', abort);
  }
}

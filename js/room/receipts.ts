/** Who waits for the relay to take a post of ours. */
export interface Receipts<T> {
  /** Resolves when the relay has taken the post `id`; with nothing when there is no more to say about it. */
  wait(id: string, signal?: AbortSignal): Promise<T | undefined>;
  accepted(id: string, result: T | undefined): void;
  rejected(id: string, error: unknown): void;
  rejectAll(error: unknown): void;
}

export function createReceipts<T>(): Receipts<T> {
  const waiting = new Map<string, { resolve: (result: T | undefined) => void; reject: (error: unknown) => void }>();

  function take(id: string) {
    const one = waiting.get(id);
    waiting.delete(id);
    return one;
  }

  return {
    wait(id, signal) {
      return new Promise((resolve, reject) => {
        const abort = () => take(id)?.reject(signal?.reason);
        signal?.addEventListener('abort', abort, { once: true });
        const clean = () => signal?.removeEventListener('abort', abort);
        waiting.set(id, {
          resolve: (result) => (clean(), resolve(result)),
          reject: (error) => (clean(), reject(error)),
        });
      });
    },
    accepted: (id, result) => take(id)?.resolve(result),
    rejected: (id, error) => take(id)?.reject(error),
    rejectAll(error) {
      for (const id of [...waiting.keys()]) take(id)?.reject(error);
    },
  };
}

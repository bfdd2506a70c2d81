/** A bounded queue between one writer and one reader. */
export interface Queue<T> {
  /** Whether there was a place for it. */
  push(item: T): boolean;
  /** No more items come; what waits is still handed out. */
  end(error?: unknown): void;
  readonly items: AsyncGenerator<T, void, void>;
}

/** @param onClose - Called once when the reader has stopped, or read the last item. */
export function createQueue<T>(size: number, onClose: () => void): Queue<T> {
  const waiting: T[] = [];
  let wake: (() => void) | undefined;
  let ended = false;
  let failure: { readonly error: unknown } | undefined;

  async function* read(): AsyncGenerator<T, void, void> {
    try {
      for (;;) {
        const item = waiting.shift();
        if (item !== undefined) yield item;
        else if (failure !== undefined) throw failure.error;
        else if (ended) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      ended = true;
      waiting.length = 0;
      onClose();
    }
  }

  return {
    push(item) {
      if (ended) return true;
      if (waiting.length >= size) return false;
      waiting.push(item);
      wake?.();
      return true;
    },
    end(error) {
      if (error !== undefined) failure ??= { error };
      ended = true;
      wake?.();
    },
    items: read(),
  };
}

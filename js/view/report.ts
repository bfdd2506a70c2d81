/** Tells the platform of an error as if nobody had caught it: to `window.onerror`, the console, `uncaughtException`. */
export function report(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

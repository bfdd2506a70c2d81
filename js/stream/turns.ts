/** How long a stream has the thread to itself: half a frame, so that whoever waits for the thread comes in time. */
const TURN_MS = 8;

/**
 * Lets others have the thread from time to time.
 *
 * Wasm works within the call, and so does Chromium's WebCrypto. With a source that has its bytes ready, too, a whole file would
 * go through in one task: promises that are settled already are taken up before any event is.
 *
 * @returns To be called before each piece of work. A promise, when it is somebody else's turn, that resolves when they had it.
 */
export function createTurns(): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < TURN_MS) return undefined;
    return nextTask().then(() => {
      since = performance.now();
    });
  };
}

/** Not `scheduler.yield()`, which comes back before timers and messages that have waited longer. */
function nextTask(): Promise<void> {
  // Browsers hold timers back: 4 ms after a few, a second in the background. Some test environments know nothing else.
  if (typeof MessageChannel === 'undefined') return new Promise((resolve) => setTimeout(resolve));
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

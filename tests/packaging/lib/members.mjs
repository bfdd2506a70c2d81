// Waiting for what happens in a room, as a member of it.

const TIMEOUT_MS = 20_000;

/**
 * Waits until `pick` gives something, looking after each change.
 *
 * @param {any} room
 * @param {string} what
 * @param {() => any} pick
 * @param {number} [timeoutMs]
 */
export function until(room, what, pick, timeoutMs = TIMEOUT_MS) {
  return new Promise((resolve, reject) => {
    const look = () => {
      const found = pick();
      if (!found) return;
      clearTimeout(timer);
      stop();
      resolve(found);
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`there was no: ${what}`));
    }, timeoutMs);
    const stop = room.subscribe(look);
    look();
  });
}

/** Who comes and goes from now on. @param {any} room */
export function watchMembers(room) {
  const end = new AbortController();
  /** @type {any[]} */
  const changes = [];
  /** @type {(() => void)[]} */
  const listeners = [];
  const events = room.events({ signal: end.signal });
  void (async () => {
    for await (const event of events) {
      if (!event.type.startsWith('member-') && event.type !== 'status') continue;
      changes.push(event);
      for (const listener of listeners) listener();
    }
  })().catch(() => undefined);
  return {
    /**
     * Whom the first change of this kind is about, which may have been.
     *
     * @param {string} wanted
     * @param {number} timeoutMs
     * @returns {Promise<any>}
     */
    first: (wanted, timeoutMs) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`there was no ${wanted} in ${timeoutMs} ms`)), timeoutMs);
        const look = () => {
          const event = changes.find(({ type }) => type === wanted);
          if (event === undefined) return;
          clearTimeout(timer);
          resolve(event.member);
        };
        listeners.push(look);
        look();
      }),
    /** Stops watching. @returns {string[]} All changes, in words. */
    stop() {
      end.abort();
      return changes.map(({ type, member }) => `${type} ${member?.name ?? ''}`);
    },
  };
}

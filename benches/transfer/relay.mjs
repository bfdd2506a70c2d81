// The relay that transfers go through.

import { memoryOf } from '../../scripts/lib/memory.mjs';
import { startRelay as start } from '../../scripts/lib/relay.mjs';

/** Starts the built relay on a free port. @param {readonly string[]} more - Options besides the usual ones. */
export async function startRelay(more = []) {
  const relay = await start(0, ['--joins-per-minute', '0', '--log-level', 'warn', ...more]);
  return {
    url: relay.url,
    /** Bytes of memory now, and at the highest ever. Linux only. */
    memory: () => memoryOf(relay.pid),
    stop: relay.kill,
  };
}

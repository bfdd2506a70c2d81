// In place of `tests/e2e/helpers.ts` in a page: of that the suite takes the relay alone.

import { ask } from './bridge.js';
import type { Relay } from '../../e2e/helpers.js';

/** Starts the built relay, outside. */
export async function startRelay(port = 0, options: readonly string[] = []): Promise<Relay> {
  const { id, ...relay } = await ask<{ id: number; url: string; port: number; pid: number }>('/relay', { port, options });
  return { ...relay, kill: () => ask('/relay/kill', { id }) };
}

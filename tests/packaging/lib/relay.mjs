// The built relay, one for all consumers.

import { startRelay as start } from '../../../scripts/lib/relay.mjs';

/** Every page and program comes from one address here. Pages of any origin may connect: that is its default. */
const OPTIONS = ['--joins-per-minute', '0', '--max-connections-per-ip', '1000', '--log-level', 'warn'];

/** @returns {Promise<{ url: string, stop(): Promise<void> }>} `url`: `ws://127.0.0.1:PORT/ws` */
export async function startRelay() {
  const { port, kill } = await start(0, OPTIONS);
  return { url: `ws://127.0.0.1:${port}/ws`, stop: kill };
}

// The built relay, one for all consumers.

import { existsSync } from 'node:fs';

import { at, targetDir } from '../../../scripts/lib/run.mjs';
import { start } from './processes.mjs';

/** Every page and program comes from one address here. Pages of any origin may connect: that is its default. */
const OPTIONS = ['--listen', '127.0.0.1:0', '--joins-per-minute', '0', '--max-connections-per-ip', '1000', '--log-level', 'warn'];

/** @returns {Promise<{ url: string, stop(): Promise<void> }>} `url`: `ws://127.0.0.1:PORT/ws` */
export async function startRelay() {
  const program = `${targetDir}/release/hushroom-relay`;
  if (!existsSync(program)) throw new Error(`there is no ${program}: run npm run build`);
  const ready = /listening on http:\/\/([^\s/]+)/;
  const { url, stop } = await start(program, OPTIONS, { cwd: at(), env: process.env, ready });
  return { url: `ws://${url}/ws`, stop };
}

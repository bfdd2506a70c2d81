import type { Protocol } from '../types.js';

/** How often a room says at most that we are typing. In a native room each time uses up an index of the sender key. */
export const TYPING_INTERVAL_MS: Readonly<Record<Protocol, number>> = { hush1: 5000, arthas: 3000 };

/** Without another sign of typing for this long, somebody has stopped. Clients of other makers wait 6 s in Arthas rooms. */
export const TYPING_SHOWN_MS = 8000;

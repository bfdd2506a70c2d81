import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

/** Codes that JavaScript cannot provoke, and the tests of the core that do. */
const BELOW: Readonly<Record<string, string>> = {
  // A member who forges has to hold the room's key and break the protocol.
  BAD_SIGNATURE: 'src/room/hush1/tests/hostile.rs',
  // A member's device has to be broken, or to attack.
  WEAK_KEY: 'src/ratchet/tests/hostile.rs',
  // Keys have to be withheld for ten seconds, by somebody who holds the room's key.
  SESSION_BROKEN: 'src/room/hush1/tests/ratchet.rs',
  // Rooms keep no state yet.
  ROLLED_BACK: 'src/ratchet/tests/states.rs',
  // The TypeScript layer never names a transfer that is over to the machine.
  UNKNOWN_TRANSFER: 'src/room/hush1/tests/files.rs',
  // Takes half a minute of the machine's time.
  TRANSFER_STALLED: 'src/room/hush1/tests/files.rs',
  // The clocks of client and directory must agree, and keys last for 90 days.
  BUNDLE_EXPIRED: 'src/people/tests/mod.rs',
};

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(root + path, 'utf8');

const union = /export type HushErrorCode =([^;]*);/.exec(read('js/types.ts'))?.[1] ?? '';
const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1] ?? '');
const tests = (readdirSync(`${root}tests`, { recursive: true }) as string[])
  .filter((name) => name.endsWith('.test.ts') && !name.endsWith('error-codes.test.ts'))
  .map((name) => read(`tests/${name}`))
  .join();

test('the list is read', () => {
  expect(codes.length).toBeGreaterThan(40);
  expect(new Set(codes).size).toBe(codes.length);
});

test.each(codes)('%s is asserted by some test', (code) => {
  const lower = BELOW[code];
  if (lower === undefined) expect(tests).toContain(`'${code}'`);
  else expect(read(lower)).toContain(`"${code}"`);
});

test('the core has no code that JavaScript does not know, and none is missing', () => {
  const core = [...read('src/error.rs').matchAll(/=> "([A-Z_]+)"/g)].map((match) => match[1] ?? '');
  const own = codes.filter((code) => !core.includes(code));
  expect(core.filter((code) => !codes.includes(code))).toEqual([]);
  // Those of the TypeScript layer: loading, sockets, sources and sinks.
  expect(own.sort()).toEqual(['CONNECT_FAILED', 'INIT_FAILED', 'SINK_FAILED', 'SINK_TOO_LARGE', 'SOURCE_FAILED', 'STORE_FAILED']);
});

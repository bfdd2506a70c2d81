import type { TestProject } from 'vitest/node';

import { startRelay } from '../e2e/helpers.js';

declare module 'vitest' {
  interface ProvidedContext {
    readonly relayUrl: string;
  }
}

/** A relay for all files of the project. From here: the tests themselves run as if in a browser, which starts no processes. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const relay = await startRelay(0, ['--joins-per-minute', '0', '--log-level', 'warn']);
  project.provide('relayUrl', relay.url);
  return () => relay.kill();
}

import { readdirSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { at, run } from '../../scripts/lib/run.mjs';
import { consumer } from './consumer.js';
import type { Consumer } from './consumer.js';

/**
 * Nothing runs at import: no global of any platform is so much as looked at, nothing is changed, and nothing is left open.
 * That is what lets the package be imported by a server that renders pages, by a bundler, and by code that never uses it.
 */
let project: Consumer;

beforeAll(async () => {
  project = await consumer();
  for (const name of ['react', 'vue']) symlinkSync(at('node_modules', name), join(project.folder, 'node_modules', name));
});
afterAll(() => project.remove());

interface Report {
  readonly failure?: string;
  /** Globals that were read, or set. */
  readonly touched: readonly string[];
  /** What the import left on globals and as listeners. */
  readonly added: readonly string[];
  /** Timers, sockets and the like that it left open. */
  readonly open: readonly string[];
  /** Whether the process came to its end by itself. */
  readonly ended: boolean;
}

const CLEAN: Report = { touched: [], added: [], open: [], ended: true };

/** Imports a file in a process of its own; the framework that it is for, if any, was loaded there before. */
async function imported(file: string): Promise<Report> {
  const frameworks = ['react', 'vue'].filter((name) => basename(file).startsWith(name));
  return JSON.parse(await run(process.execPath, [at('tests/js/import-watch.mjs'), file, ...frameworks], { quiet: true })) as Report;
}

describe.each(['.js', '.cjs'])('importing', (ending) => {
  test(`does nothing: every ${ending} of the package`, async () => {
    const files = readdirSync(join(project.installed, 'dist')).filter((name) => name.endsWith(ending));
    expect(files.length).toBeGreaterThan(10);
    const reports = await Promise.all(files.map(async (name) => ({ name, ...(await imported(join(project.installed, 'dist', name))) })));
    expect(reports).toEqual(files.map((name) => ({ name, ...CLEAN })));
  });
});

describe('the watch sees', () => {
  test.each([
    ['a global that is asked for', 'export const here = typeof window;', { touched: ['window'] }],
    ['one behind a try', 'try { document.title; } catch {}', { touched: ['document'] }],
    ['one of an object', 'export const { WebSocket } = globalThis;', { touched: ['WebSocket'] }],
    ['wasm that is compiled', 'new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));', { touched: ['WebAssembly'] }],
    ['cryptography', 'crypto.subtle;', { touched: ['crypto'] }],
    ['a codec made ahead of time', 'export const decoder = new TextDecoder();', { touched: ['TextDecoder'] }],
    ['chance and the clock', 'Math.random(); Date.now();', { touched: ['Math.random', 'Date.now'] }],
    ['a global that is set', 'globalThis.hush = 1;', { added: ['globalThis.hush'] }],
    ['a changed prototype', 'Array.prototype.hush = 1;', { added: ['Array#hush'] }],
    ['a listener', "import p from 'node:process'; p.on('SIGHUP', () => undefined);", { added: ['process on SIGHUP: 1'] }],
    ['a timer', "import t from 'node:timers'; t.setTimeout(() => undefined, 100);", { open: ['Timeout'] }],
    ['a module that fails', 'throw new Error("no");', { failure: 'Error: no' }],
  ])('%s', async (_, code, seen) => {
    expect(await imported(project.write('bad/module.mjs', code))).toEqual({ ...CLEAN, ...seen });
  });

  test('and leaves alone what other packages do', async () => {
    project.write('other/index.mjs', 'export const here = typeof window;');
    expect(await imported(project.write('bad/module.mjs', "export * from '../other/index.mjs';"))).toEqual(CLEAN);
  });
});

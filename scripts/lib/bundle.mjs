// TypeScript to the package's entries. Each is one self-contained file: that is what makes `sideEffects: false` safe and
// leaves bundlers nothing to get wrong. Why this layout: one file serves browsers, Node, workers and SSR alike; runtimes
// that must not compile wasm from bytes import the `.wasm` file, under conditions of their own.

import { copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { at } from './run.mjs';

/**
 * A file in `dist/`, the module it is made from, and what stands in for the names that differ.
 *
 * @typedef {{ out: string, entry: string, flavour: 'core' | 'room', source: string, platform?: 'web' | 'node',
 *   shared?: Record<string, string> }} Entry
 */

/** @type {Entry[]} */
export const ENTRIES = [
  { out: 'index.js', entry: 'index', flavour: 'core', source: 'inline' },
  { out: 'index.cjs', entry: 'index', flavour: 'core', source: 'inline' },
  { out: 'slim.js', entry: 'index', flavour: 'core', source: 'none' },
  { out: 'slim.cjs', entry: 'index', flavour: 'core', source: 'none' },
  { out: 'workerd.js', entry: 'index', flavour: 'core', source: 'workerd' },
  { out: 'edge-light.js', entry: 'index', flavour: 'core', source: 'edge' },
  { out: 'room.js', entry: 'room/index', flavour: 'room', source: 'inline', platform: 'web' },
  { out: 'room.cjs', entry: 'room/index', flavour: 'room', source: 'inline', platform: 'web' },
  { out: 'room.node.js', entry: 'room/index', flavour: 'room', source: 'inline', platform: 'node' },
  { out: 'room.node.cjs', entry: 'room/index', flavour: 'room', source: 'inline', platform: 'node' },
  { out: 'room.slim.js', entry: 'room/index', flavour: 'room', source: 'none', platform: 'web' },
  { out: 'room.slim.cjs', entry: 'room/index', flavour: 'room', source: 'none', platform: 'web' },
  { out: 'room.workerd.js', entry: 'room/index', flavour: 'room', source: 'workerd', platform: 'web' },
  { out: 'room.edge-light.js', entry: 'room/index', flavour: 'room', source: 'edge', platform: 'web' },
  // Each runs on the wasm of the room entry of the same kind.
  { out: 'people.js', entry: 'people/index', flavour: 'room', source: 'inline', platform: 'web', shared: { '../room/index.js': './room.js' } },
  { out: 'people.cjs', entry: 'people/index', flavour: 'room', source: 'inline', platform: 'web', shared: { '../room/index.js': './room.cjs' } },
  { out: 'people.node.js', entry: 'people/index', flavour: 'room', source: 'inline', platform: 'node', shared: { '../room/index.js': './room.node.js' } },
  { out: 'people.node.cjs', entry: 'people/index', flavour: 'room', source: 'inline', platform: 'node', shared: { '../room/index.js': './room.node.cjs' } },
  { out: 'people.slim.js', entry: 'people/index', flavour: 'room', source: 'none', platform: 'web', shared: { '../room/index.js': './room.slim.js' } },
  { out: 'people.slim.cjs', entry: 'people/index', flavour: 'room', source: 'none', platform: 'web', shared: { '../room/index.js': './room.slim.cjs' } },
  { out: 'people.workerd.js', entry: 'people/index', flavour: 'room', source: 'workerd', platform: 'web', shared: { '../room/index.js': './room.workerd.js' } },
  { out: 'people.edge-light.js', entry: 'people/index', flavour: 'room', source: 'edge', platform: 'web', shared: { '../room/index.js': './room.edge-light.js' } },
  { out: 'react.js', entry: 'react/index', flavour: 'room', source: 'none' },
  { out: 'react.cjs', entry: 'react/index', flavour: 'room', source: 'none' },
  { out: 'vue.js', entry: 'vue/index', flavour: 'room', source: 'none' },
  { out: 'vue.cjs', entry: 'vue/index', flavour: 'room', source: 'none' },
  { out: 'agent.js', entry: 'agent/index', flavour: 'room', source: 'none', shared: { '../room/index.js': './room.node.js' } },
  { out: 'agent.cjs', entry: 'agent/index', flavour: 'room', source: 'none', shared: { '../room/index.js': './room.node.cjs' } },
  { out: 'agent.plugin.js', entry: 'agent/plugin', flavour: 'room', source: 'none', shared: { './index.js': './agent.js' } },
  { out: 'agent.plugin.cjs', entry: 'agent/plugin', flavour: 'room', source: 'none', shared: { './index.js': './agent.cjs' } },
];

/** Makes `dist/` anew: every entry, and the wasm files beside them. A failure leaves the old one. */
export async function bundle() {
  // Not at the top: this module is loaded by the scripts that install esbuild.
  const { build } = await import('esbuild');
  const folder = at('.tools/dist');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { out, entry, flavour, source, platform, shared } of ENTRIES) {
    await build({
      entryPoints: [at('js', `${entry}.ts`)],
      outfile: join(folder, out),
      bundle: true,
      format: out.endsWith('.cjs') ? 'cjs' : 'esm',
      // Neutral, so that nothing is decided here which the importing platform decides: no polyfill, no `browser` field.
      platform: 'neutral',
      target: 'es2022',
      external: ['ws', 'node:*', 'react', 'vue'],
      legalComments: 'none',
      logLevel: 'warning',
      plugins: [aliases(flavour, source, platform), ...(shared === undefined ? [] : [leave(shared)])],
    });
  }
  for (const flavour of ['core', 'room']) {
    copyFileSync(at('js/gen', flavour, 'module.wasm'), join(folder, `${flavour}.wasm`));
  }
  rmSync(at('dist'), { recursive: true, force: true });
  renameSync(folder, at('dist'));
}

/**
 * Binds the names that differ between entries. `tsconfig.json` and `vitest.config.ts` bind them for their purposes.
 *
 * @param {string} flavour
 * @param {string} source
 * @param {string} [platform]
 * @returns {import('esbuild').Plugin}
 */
function aliases(flavour, source, platform) {
  /** @type {Record<string, string>} */
  const files = {
    '#glue': at('js/gen', flavour, 'glue.js'),
    '#wasm-hex': at('js/gen', flavour, 'hex.js'),
    '#source': at(`js/source.${source}.ts`),
    '#platform': at(`js/room/platform.${platform}.ts`),
    '#file-store': at(`js/identity/file-store.${platform}.ts`),
  };
  /** @type {Record<string, string>} */
  const external = { '#wasm-workerd': `./${flavour}.wasm`, '#wasm-edge': `./${flavour}.wasm?module` };
  return {
    name: 'aliases',
    setup({ onResolve }) {
      onResolve({ filter: /^#/ }, ({ path }) => {
        const file = files[path];
        return file === undefined ? { path: external[path] ?? path, external: true } : { path: file };
      });
    },
  };
}

/**
 * Leaves modules to the entries that have them: there must be one of each, and the wasm is large.
 *
 * @param {Record<string, string>} entries - Imports as the sources have them, and the file instead.
 * @returns {import('esbuild').Plugin}
 */
function leave(entries) {
  return {
    name: 'leave',
    setup({ onResolve }) {
      onResolve({ filter: /\/index\.js$/ }, ({ path }) => {
        const entry = entries[path];
        return entry === undefined ? undefined : { path: entry, external: true };
      });
    },
  };
}

// `tests/js` in a page of a real browser: vitest's own browser mode, with a provider that starts the browser on its address.
// `lib/js-suite.mjs` says which and where the bridge is.

import { fileURLToPath } from 'node:url';

import { defineBrowserProvider } from '@vitest/browser';
import { defineConfig } from 'vitest/config';

import { at } from '../../scripts/lib/run.mjs';
import { ABSENT_FILES } from './lib/absent.mjs';
import { startEngine } from './lib/engines.mjs';

const engine = process.env['HUSHROOM_ENGINE'] ?? 'chromium';
const page = (/** @type {string} */ name) => fileURLToPath(new URL(`page/${name}`, import.meta.url));

/** What a page has in place of modules of Node. @type {Readonly<Record<string, string>>} */
const IN_A_PAGE = {
  ws: page('ws.ts'),
  'node:crypto': page('crypto.ts'),
  'node:fs': page('fs.ts'),
  'node:fs/promises': page('absent.ts'),
  'node:stream': page('absent.ts'),
  'node:os': page('absent.ts'),
  'node:path': page('absent.ts'),
};

/** The build for the web, of sources, as `vitest.config.ts` has that for Node. */
const ALIAS = {
  '#glue': at('js/gen/room/glue.js'),
  '#wasm-hex': at('js/gen/room/hex.js'),
  '#source': at('js/source.inline.ts'),
  '#platform': at('js/room/platform.web.ts'),
  '#file-store': at('js/identity/file-store.web.ts'),
  'node:events': 'events',
};

/** @returns {import('vite').Plugin} */
function inAPage() {
  const tests = at('tests/');
  return {
    name: 'hushroom:in-a-page',
    enforce: 'pre',
    resolveId(source, importer) {
      if (importer === undefined || !importer.startsWith(tests)) return undefined;
      if (source.endsWith('/e2e/helpers.js')) return page('helpers.ts');
      return IN_A_PAGE[source];
    },
    transform(code, id) {
      // Of the package's own code no line may see what is Node's.
      const isTest = id.startsWith(tests) && !id.startsWith(page('')) && !id.includes('/node_modules/');
      const names = isTest ? ['Buffer', 'process', 'setImmediate'].filter((name) => new RegExp(`\\b${name}\\b`).test(code)) : [];
      if (names.length === 0) return undefined;
      return { code: `import { ${names.join(', ')} } from ${JSON.stringify(page('node.ts'))};${code}`, map: null };
    },
  };
}

const provider = defineBrowserProvider({
  name: 'hushroom',
  options: {},
  providerFactory() {
    /** @type {Awaited<ReturnType<typeof startEngine>>[]} */
    const running = [];
    return {
      name: 'hushroom',
      supportsParallelism: false,
      getCommandsContext: () => ({}),
      async openPage(_, url) {
        running.push(await startEngine(engine, url));
      },
      async close() {
        await Promise.all(running.splice(0).map((one) => one.close()));
      },
    };
  },
});

const config = defineConfig({
  // Nothing is written into node_modules.
  cacheDir: at('.tools/browsers/vite'),
  define: { __BRIDGE__: JSON.stringify(process.env['HUSHROOM_BRIDGE'] ?? ''), __ENGINE__: JSON.stringify(engine) },
  plugins: [inAPage()],
  resolve: { alias: ALIAS },
  server: {
    fs: { strict: false },
    // Isolated, so that there is shared memory.
    headers: { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' },
  },
  optimizeDeps: {
    // Known beforehand, so that no page is loaded anew when one is met.
    include: [
      'buffer', 'events', 'fast-check', '@msgpack/msgpack',
      '@noble/ciphers/aes.js', '@noble/curves/ed25519.js', '@noble/hashes/hkdf.js', '@noble/hashes/sha2.js',
    ],
  },
  test: {
    dir: at('tests'),
    include: ['js/**/*.test.ts', 'browsers/js/**/*.test.ts'],
    exclude: ['**/node_modules/**', ...Object.keys(ABSENT_FILES).map((name) => `js/${name}`)],
    setupFiles: [page('setup.ts')],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    browser: {
      enabled: true,
      headless: true,
      ui: false,
      screenshotFailures: false,
      provider,
      instances: [{ browser: engine, name: engine }],
    },
  },
});

export { config as default };

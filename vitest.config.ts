import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitest/config';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The sources are tested with the room build, which holds all of the core; the built core is tested packed. */
const alias = {
  '#glue': at('js/gen/room/glue.js'),
  '#wasm-hex': at('js/gen/room/hex.js'),
  '#source': at('js/source.inline.ts'),
  '#platform': at('js/room/platform.node.ts'),
  '#file-store': at('js/identity/file-store.node.ts'),
};

const config: ReturnType<typeof defineConfig> = defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: { name: 'js', include: ['tests/js/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 120_000 },
      },
      {
        resolve: { alias },
        test: {
          name: 'frameworks',
          include: ['tests/{react,vue}/**/*.test.{ts,tsx}'],
          environment: 'happy-dom',
          globalSetup: ['tests/frameworks/relay.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        resolve: { alias },
        test: { name: 'docs', include: ['tests/docs/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 120_000, maxConcurrency: 3 },
      },
      {
        resolve: { alias },
        // One at a time: they measure, and each runs browsers of its own.
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});

export { config as default };

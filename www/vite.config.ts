import { fileURLToPath } from 'node:url';

import type { Plugin, UserConfig } from 'vite';

import { CONTENT_SECURITY_POLICY } from './csp.ts';

/** Only in the build: the dev server's hot reloading needs inline styles. */
const policyInPage: Plugin = {
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: CONTENT_SECURITY_POLICY },
      injectTo: 'head-prepend',
    },
  ],
};

const config: UserConfig = {
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [policyInPage],
  build: {
    target: 'es2022',
    // The first ones with light-dark(), which the build would otherwise write out at three times the size.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Inlined assets would be data: addresses, and the polyfill an extra script; the policy wants neither.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The package carries its wasm as text inside one module; that is the bulk of it.
    chunkSizeWarningLimit: 2048,
  },
  server: {
    proxy: {
      '/ws': { target: 'ws://127.0.0.1:8787', ws: true },
      '/directory': 'http://127.0.0.1:8787',
    },
  },
};

export { config as default };

// What the modules of `tests/js` are made of in a page.

import { fileURLToPath } from 'node:url';

import { at } from '../../../scripts/lib/run.mjs';

/** A file of `tests/browsers/page`. @param {string} name */
export const page = (name) => fileURLToPath(new URL(`../page/${name}`, import.meta.url));

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
export const ALIAS = {
  '#glue': at('js/gen/room/glue.js'),
  '#wasm-hex': at('js/gen/room/hex.js'),
  '#source': at('js/source.inline.ts'),
  '#platform': at('js/room/platform.web.ts'),
  '#file-store': at('js/identity/file-store.web.ts'),
  'node:events': 'events',
};

/** The file that a test's import stands for, if it is another than elsewhere. @param {string} source @returns {string | undefined} */
export const inAPage = (source) => (source.endsWith('/e2e/helpers.js') ? page('helpers.ts') : IN_A_PAGE[source]);

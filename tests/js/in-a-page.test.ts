import { existsSync, readdirSync } from 'node:fs';

import { build, type Plugin } from 'esbuild';
import { expect, test } from 'vitest';

import { at } from '../../scripts/lib/run.mjs';
import { ABSENT_FILES, ABSENT_TESTS } from '../browsers/lib/absent.mjs';
import { ALIAS, inAPage } from '../browsers/lib/in-a-page.mjs';

/** The suite in browsers is long, and rarely run. What would keep a test from being loaded there is seen here. */
const folder = at('tests/js/');

test('what cannot run in a page is there', () => {
  const files = [...Object.keys(ABSENT_FILES), ...ABSENT_TESTS.map(({ file }) => file)];
  expect(files.filter((file) => !existsSync(folder + file))).toEqual([]);
});

test('the rest uses nothing that a page has not', async () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.test.ts') && !(file in ABSENT_FILES));
  const plugin: Plugin = {
    name: 'in-a-page',
    setup({ onResolve }) {
      onResolve({ filter: /^vitest$|^virtual:/ }, ({ path }) => ({ path, external: true }));
      onResolve({ filter: /.*/ }, ({ path, importer }) => {
        const stands = importer.startsWith(at('tests/')) ? inAPage(path) : undefined;
        return stands === undefined ? undefined : { path: stands };
      });
    },
  };
  const result = await build({
    entryPoints: files.map((file) => folder + file),
    bundle: true,
    write: false,
    outdir: 'nowhere',
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    alias: ALIAS,
    plugins: [plugin],
    logLevel: 'silent',
  }).catch((error: { errors: { text: string; location: { file: string } | null }[] }) => error);
  expect(result.errors.map(({ text, location }) => `${location?.file}: ${text}`)).toEqual([]);
});

// The package's declarations, for ESM and CommonJS importers.

import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { at, run } from './run.mjs';

const RELATIVE = /(from '|import\(')(\.{1,2}\/[^']+)\.js'/g;

/**
 * Writes `dist/types/`: for each entry what it needs and nothing else, as `.d.ts` and as `.d.cts`.
 *
 * @param {string[]} entries
 */
export async function writeTypes(entries) {
  const out = at('dist/types');
  rmSync(out, { recursive: true, force: true });
  // Declarations need no checking (`isolatedDeclarations`); `npm run typecheck` does that.
  await run('tsc', ['-p', 'tsconfig.build.json', '--noCheck'], { quiet: true });
  /** @type {Set<string>} */
  const needed = new Set();
  for (const entry of entries) reach(join(out, `${entry}.d.ts`), needed);
  for (const file of walk(out)) {
    // The compiler also emits what is internal, down to the generated glue.
    if (!needed.has(file)) {
      rmSync(file);
      continue;
    }
    // TypeScript reads a `.d.ts` as ESM here, which a CommonJS importer may not `require`: hence the copies.
    const text = readFileSync(file, 'utf8').replace(RELATIVE, "$1$2.cjs'");
    writeFileSync(file.replace(/\.d\.ts$/, '.d.cts'), text);
  }
}

/** Adds `file` and all it refers to. @param {string} file @param {Set<string>} found */
function reach(file, found) {
  if (found.has(file)) return;
  if (file.includes('/gen/')) throw new Error(`a public declaration refers to ${file}: mark what does as @internal`);
  found.add(file);
  for (const [, , path] of readFileSync(file, 'utf8').matchAll(RELATIVE))
    reach(join(dirname(file), `${path}.d.ts`), found);
}

/** @param {string} folder @returns {string[]} */
function walk(folder) {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? walk(path) : [path]));
}

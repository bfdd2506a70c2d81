// The demo, built against the package as a user would get it: packed, unpacked, and nothing of the source tree.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { at, run } from './run.mjs';
import { unlessFresh } from './stamp.mjs';

/** Packs `dist/` and returns the tarball's path. @param {string} folder - Where to put it. */
export async function pack(folder) {
  const listing = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    quiet: true,
  });
  return join(folder, JSON.parse(listing)[0].filename);
}

/** Builds `www/dist/`. The package must have been built. */
export async function buildWww() {
  const inputs = ['www', 'package.json', 'package-lock.json', 'README.md', 'scripts/lib/www.mjs'].map((path) =>
    at(path),
  );
  await unlessFresh('www', { inputs, built: ['dist'], outputs: [at('www/dist/index.html')] }, async () => {
    await installPackage();
    await run('vite', ['build'], { cwd: at('www') });
  });
}

async function installPackage() {
  const folder = mkdtempSync(join(tmpdir(), 'hushroom-'));
  try {
    const target = at('www/node_modules/hushroom');
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    await run('tar', ['-xzf', await pack(folder), '-C', target, '--strip-components=1']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

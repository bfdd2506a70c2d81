import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { run } from '../../scripts/lib/run.mjs';
import { consumer } from './consumer.js';
import type { Consumer } from './consumer.js';

/** What `publint` and `attw` (are the types wrong?) say about the packed package, as a resolver and a compiler see it. */
let project: Consumer;
let tarball: string;

beforeAll(async () => {
  project = await consumer();
  tarball = await packed('as-it-is.tgz');
});
afterAll(() => project.remove());

/** Packs what stands in the consumer's `node_modules`, which is what npm packed. */
async function packed(name: string): Promise<string> {
  const path = join(project.folder, name);
  await run('tar', ['-czf', path, '--transform', 's,^\\.,package,', '-C', project.installed, '.'], { quiet: true });
  return path;
}

/** A tarball of the package with one file changed, or without it. */
async function broken(file: string, change?: (text: string) => string): Promise<string> {
  const path = join(project.installed, file);
  const original = readFileSync(path, 'utf8');
  if (change === undefined) rmSync(path);
  else writeFileSync(path, change(original));
  try {
    return await packed('broken.tgz');
  } finally {
    writeFileSync(path, original);
  }
}

/** Warnings count as errors, and suggestions are shown and count, too. */
async function publint(path: string): Promise<void> {
  const output = await run('publint', ['run', '--strict', path], { quiet: true });
  if (!output.includes('All good!')) throw new Error(output);
}

/**
 * - Profile `node16`: the resolution that TypeScript calls `node10` knows no `exports`, so of all entries it finds only the
 *   main one. Node 20 never resolves like that, and TypeScript 7 has dropped it.
 * - The wasm files: they are addresses for bundlers and runtimes, which declare such imports themselves (`*.wasm?url`,
 *   `*.wasm?module`); no single declaration could be right.
 */
const attw = (path: string, format = 'ascii'): Promise<string> =>
  run('attw', [path, '--profile', 'node16', '--exclude-entrypoints', 'core.wasm', 'room.wasm', '--no-emoji', '--format', format], {
    quiet: true,
  });

describe('publint', () => {
  test('finds nothing', () => publint(tarball));

  test('would find a file that is missing', async () => {
    await expect(publint(await broken('dist/react.cjs'))).rejects.toThrow('does not exist');
  });

  test('would find types behind the code', async () => {
    const path = await broken('package.json', (text) => {
      const manifest = JSON.parse(text) as { exports: Record<string, unknown> };
      manifest.exports['./vue'] = { default: './dist/vue.js', types: './dist/types/vue/index.d.ts' };
      return JSON.stringify(manifest);
    });
    await expect(publint(path)).rejects.toThrow('should be the first');
  });
});

describe('attw', () => {
  test('resolves every entry with its types, for ES modules, CommonJS and bundlers', async () => {
    const { exports } = JSON.parse(readFileSync(join(project.installed, 'package.json'), 'utf8')) as { exports: object };
    const { analysis } = JSON.parse(await attw(tarball, 'json')) as {
      analysis: { entrypoints: Record<string, { resolutions: Record<string, { resolution?: object }> }> };
    };
    const entries = Object.keys(exports).filter((name) => !name.endsWith('.wasm'));
    expect(entries).toEqual(expect.arrayContaining(['.', './room', './people', './react', './vue', './agent']));
    expect(Object.keys(analysis.entrypoints).sort()).toEqual(entries.sort());
    for (const [name, { resolutions }] of Object.entries(analysis.entrypoints)) {
      for (const kind of ['node16-cjs', 'node16-esm', 'bundler']) expect(resolutions[kind]?.resolution, `${name} ${kind}`).toBeDefined();
    }
  });

  test('would find declarations of the wrong kind', async () => {
    const path = await broken('package.json', (text) => text.replace('./dist/types/room/index.d.cts', './dist/types/room/index.d.ts'));
    await expect(attw(path)).rejects.toThrow(/"hushroom\/room"\s+node16 \(from CJS\): Masquerading as ESM/);
  });
});

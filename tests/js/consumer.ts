import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { at, run } from '../../scripts/lib/run.mjs';
import { pack } from '../../scripts/lib/www.mjs';

/** What every consumer does with the package: it throws unless all is well, and gives 'works'. */
export const EXERCISE = `
  const code = api.generateShareCode();
  const { key } = api.parseShareCode(api.shareLink('https://example.com/', code));
  const opened = new TextDecoder().decode(api.openMessage(key, api.sealMessage(key, 'works')));
  const frame = api.decodeFrame(api.encodeFrame({ type: 0x80, data: { opened } }));
  const stream = api.decryptStream(api.encryptStream(new Blob([frame.data.opened]), key), key);
  return new Response(stream).text();
`;

/** A project far from this tree, with the packed package in its `node_modules`. */
export interface Consumer {
  readonly folder: string;
  /** The unpacked package. */
  readonly installed: string;
  /** Writes a file of the project and gives its path. */
  write(name: string, content: string): string;
  remove(): void;
}

/** Packs the package, as `npm run build` has left it, into a project of its own. */
export async function consumer(): Promise<Consumer> {
  const folder = mkdtempSync(join(tmpdir(), 'hushroom-package-'));
  const installed = join(folder, 'node_modules/hushroom');
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', await pack(folder), '-C', installed, '--strip-components=1'], { quiet: true });
  // Its only dependency. Copied, so that the tests need no registry.
  cpSync(at('node_modules/ws'), join(folder, 'node_modules/ws'), { recursive: true });
  const write = (name: string, content: string): string => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  };
  write('package.json', JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  return { folder, installed, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Every file below a folder. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? filesBelow(path) : [path]));
}

import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const title = 'TypeScript 5.9, 6 and 7: node16, nodenext, bundler; ESM and CommonJS; with and without the DOM';

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  // Our declarations are compiled like code of the user's own.
  skipLibCheck: false,
  noEmit: true,
  target: 'es2022',
};

const LIBRARIES = {
  dom: { lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable'], types: [] },
  // A server's: the DOM is not there, and what Node has of it comes from @types/node.
  node: { lib: ['es2022'], types: ['node'] },
};

/** A .mts file is an ES module wherever it is, a .cts file CommonJS. */
const MODULES = {
  node16: { module: 'node16', kinds: ['mts', 'cts'] },
  nodenext: { module: 'nodenext', kinds: ['mts', 'cts'] },
  bundler: { module: 'esnext', moduleResolution: 'bundler', kinds: ['ts'] },
};

/** @param {import('../lib/project.mjs').Project} project */
export async function check(project) {
  const compilers = ['typescript-5', 'typescript-6', 'typescript-7'].map((name) => join('node_modules', name, 'bin/tsc'));
  /** @type {string[]} */
  const versions = [];
  /** @type {string[]} */
  const failures = [];
  for (const name of ['app', 'views']) {
    for (const kind of ['ts', 'mts', 'cts']) copyFileSync(join(project.folder, `${name}.txt`), join(project.folder, `${name}.${kind}`));
  }
  for (const compiler of compilers) {
    versions.push((await project.run('node', [compiler, '--version'])).trim().replace('Version ', ''));
    for (const [moduleName, { kinds, ...module }] of Object.entries(MODULES)) {
      for (const [library, libraries] of Object.entries(LIBRARIES)) {
        const files = kinds.flatMap((kind) => [`app.${kind}`, ...(library === 'dom' ? [`views.${kind}`] : [])]);
        writeFileSync(join(project.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...STRICT, ...module, ...libraries }, files }));
        await project.run('node', [compiler, '-p', '.']).catch((error) => failures.push(`${versions.at(-1)}, ${moduleName}, ${library}: ${error.message}`));
      }
    }
  }
  if (failures.length > 0) throw new Error(failures.join('\n'));
  return versions.join(', ');
}

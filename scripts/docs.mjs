// The reference of the public API: docs/api, from the comments in the sources. It is committed, so that it can be read where
// the code is hosted; nothing in it depends on the day, the machine or the commit.
//
//   node scripts/docs.mjs            writes it
//   node scripts/docs.mjs --check    fails when it is not what the sources say

import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

import { at, run, toolsDir } from './lib/run.mjs';

/** The entries, in the order of the index. A slim entry has what the whole one has. */
const ENTRIES = {
  hushroom: 'js/index.ts',
  'hushroom/room': 'js/room/index.ts',
  'hushroom/people': 'js/people/index.ts',
  'hushroom/react': 'js/react/index.ts',
  'hushroom/vue': 'js/vue/index.ts',
  'hushroom/agent': 'js/agent/index.ts',
  'hushroom/agent/plugin': 'js/agent/plugin.ts',
};

const OPTIONS = {
  name: 'hushroom',
  entryPoints: Object.values(ENTRIES).map((path) => at(path)),
  tsconfig: at('tsconfig.build.json'),
  // `npm run typecheck` does that, with the compiler of the sources.
  skipErrorChecking: true,
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  // Lines move with each change, and are of no use to who reads what a function promises.
  disableSources: true,
  disableGit: true,
  readme: 'none',
  groupOrder: ['Functions', 'Classes', 'Interfaces', 'Type Aliases', 'Variables', '*', 'References'],
  sort: ['kind', 'alphabetical'],
  sortEntryPoints: false,
  validation: { notExported: true, invalidLink: true, invalidPath: true, rewrittenLink: true, notDocumented: true, unusedMergeModuleWith: true },
  // What is exported and what can be called. Fields may speak for themselves.
  requiredToBeDocumented: ['Class', 'Interface', 'TypeAlias', 'Variable', 'Function', 'Constructor', 'Method', 'Accessor'],
  // The first is a type of the compiler's libraries. The others are handlers to be spread on an element, by the names of its events.
  intentionallyNotExported: ['WasmModule'],
  intentionallyNotDocumented: [
    ...['onDragEnter', 'onDragOver', 'onDragLeave', 'onDrop'].map((name) => `hushroom/react.FileDrop.dropProps.__type.${name}`),
    ...['onDragenter', 'onDragover', 'onDragleave', 'onDrop'].map((name) => `hushroom/vue.FileDropProps.${name}`),
  ],
  logLevel: 'Warn',
  // Of the plugin: a page for each entry, as short as may be.
  router: 'module',
  entryFileName: 'README',
  hidePageHeader: true,
  hideBreadcrumbs: true,
  flattenOutputFiles: true,
  useCodeBlocks: true,
  expandObjects: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  tableColumnSettings: { hideSources: true, hideModifiers: true, hideInherited: true, hideOverrides: true, leftAlignHeaders: true },
  sanitizeComments: true,
};

/** Installs what is named in scripts/docs/package.json; gives the folder. */
async function install() {
  const folder = join(toolsDir, 'docs');
  const [wanted, there] = [at('scripts/docs/package.json'), join(folder, 'package.json')];
  if (existsSync(join(folder, 'node_modules/typedoc')) && existsSync(there) && readFileSync(there, 'utf8') === readFileSync(wanted, 'utf8')) {
    return folder;
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // Last: a folder that is not whole is made anew.
  const staged = join(folder, 'staged');
  mkdirSync(staged);
  copyFileSync(wanted, join(staged, 'package.json'));
  await run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--loglevel', 'error'], { cwd: staged });
  renameSync(join(staged, 'node_modules'), join(folder, 'node_modules'));
  rmSync(staged, { recursive: true });
  copyFileSync(wanted, there);
  return folder;
}

/** Writes the reference into a folder. @param {string} out */
async function generate(out) {
  const tools = await install();
  const { Application, Converter } = await import(pathToFileURL(join(tools, 'node_modules/typedoc/dist/index.js')).href);
  const plugin = pathToFileURL(join(tools, 'node_modules/typedoc-plugin-markdown/dist/index.js')).href;
  const app = await Application.bootstrapWithPlugins({ ...OPTIONS, plugin: [plugin] });
  const names = new Map(Object.entries(ENTRIES).map(([name, path]) => [path.replace(/^js\/|(?<=\w)\/index\.ts$|\.ts$/g, ''), name]));
  // Under the names that are imported, not those of files.
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (/** @type {any} */ context) => {
    for (const module of context.project.children) {
      const name = names.get(module.name);
      if (name === undefined) throw new Error(`${module.name} is no entry`);
      module.name = name;
    }
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('the sources were not understood');
  app.validate(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error('the comments above are to be mended');
  await app.outputs.writeOutput({ name: 'markdown', path: out }, project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error('the reference was not written');
  // The plugin counts `Room.safetyNumber` and `RoomSafetyNumber` as two headings of one name, which they are not.
  for (const [name, text] of contents(out)) writeFileSync(join(out, name), text.replaceAll('#roomsafetynumber-1)', '#roomsafetynumber)'));
}

/** Names and contents of what is below a folder. @param {string} folder @returns {Map<string, string>} */
function contents(folder) {
  /** @param {string} path @returns {string[]} */
  const walk = (path) => (statSync(path).isDirectory() ? readdirSync(path).flatMap((name) => walk(join(path, name))) : [path]);
  return new Map((existsSync(folder) ? walk(folder) : []).map((path) => [relative(folder, path), readFileSync(path, 'utf8')]));
}

const out = join(toolsDir, 'docs-out');
rmSync(out, { recursive: true, force: true });
await generate(out);
const [made, kept] = [contents(out), contents(at('docs/api'))];
const stale = [...new Set([...made.keys(), ...kept.keys()])].filter((name) => made.get(name) !== kept.get(name)).sort();
if (process.argv.includes('--check')) {
  if (stale.length > 0) {
    console.error(`docs/api is not what the sources say: npm run docs\n${stale.join('\n')}`);
    process.exitCode = 1;
  }
  rmSync(out, { recursive: true });
} else {
  rmSync(at('docs/api'), { recursive: true, force: true });
  renameSync(out, at('docs/api'));
  console.log(`docs/api: ${made.size} pages, ${stale.length} of them changed`);
}

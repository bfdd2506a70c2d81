// Rust to wasm, twice: `core` (codes, messages, frames, files) and `room` (core and rooms).

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { at, cargoHome, run, targetDir } from './run.mjs';
import { unlessFresh } from './stamp.mjs';

/** The wasm features that rustc uses here, all in every engine since 2022. Named, so that a new toolchain adds none. */
const FEATURES = [
  'bulk-memory',
  'nontrapping-float-to-int',
  'sign-ext',
  'mutable-globals',
  'reference-types',
  'multivalue',
];

const PROFILES = { core: ['--release'], room: ['--profile', 'room'] };
/**
 * How binaryen optimises. It inlines what has one caller by default, however large: that makes functions of hundreds of
 * variables, whose numbers take two bytes and do not repeat. Not doing so makes the room's wasm a tenth smaller as it is served.
 */
const OPTIMIZE = {
  core: ['-O3'],
  room: ['-Oz', '--flexible-inline-max-function-size=10', '--one-caller-inline-max-function-size=60'],
};
const CARGO_ARGS = { core: ['--no-default-features'], room: [] };

/**
 * Builds one flavour into `js/gen/<flavour>/`: `module.wasm`, `hex.js`, `glue.js` and their types.
 *
 * @param {'core' | 'room'} flavour
 */
export function buildWasm(flavour) {
  const out = at('js/gen', flavour);
  const inputs = ['src', 'cipher', 'Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', 'scripts/lib/wasm.mjs'];
  const outputs = ['module.wasm', 'hex.js', 'hex.d.ts', 'glue.js', 'glue.d.ts', 'exports.d.ts'];
  const what = { inputs: inputs.map((path) => at(path)), outputs: outputs.map((name) => join(out, name)) };
  return unlessFresh(`wasm-${flavour}`, what, () => compile(flavour, out));
}

/** @param {'core' | 'room'} flavour @param {string} out */
async function compile(flavour, out) {
  const raw = `${targetDir}/wasm-pack/${flavour}`;
  rmSync(raw, { recursive: true, force: true });
  // The paths to leave out are known once the crates are there.
  await run('cargo', ['fetch', '--locked', '--quiet'], { quiet: true });
  const env = { CARGO_ENCODED_RUSTFLAGS: withoutPaths().join('\x1f') };
  const what = ['--target', 'web', ...PROFILES[flavour], '--no-pack', '--mode', 'no-install'];
  const where = ['--out-dir', raw, '--out-name', 'raw', '--', '--locked', ...CARGO_ARGS[flavour]];
  await run('wasm-pack', ['--log-level', 'error', 'build', ...what, ...where], { env });

  mkdirSync(out, { recursive: true });
  const flags = [...FEATURES.map((feature) => `--enable-${feature}`), '--strip-debug', '--strip-producers'];
  await run('wasm-opt', [...OPTIMIZE[flavour], ...flags, `${raw}/raw_bg.wasm`, '-o', `${out}/module.wasm`]);

  // Not base64: a byte that starts at any of three places in a letter hides what repeats. Compressed, as everybody serves it,
  // base64 is a third larger than the wasm, hexadecimal digits are a sixteenth.
  const hex = readFileSync(`${out}/module.wasm`).toString('hex');
  writeFileSync(`${out}/hex.js`, `export const hex =\n  '${hex}';\n`);
  writeFileSync(`${out}/hex.d.ts`, 'export declare const hex: string;\n');
  writeFileSync(`${out}/glue.js`, toFactory(readFileSync(`${raw}/raw.js`, 'utf8'), `${packageVersion()} ${flavour}`));
  writeFileSync(`${out}/exports.d.ts`, readFileSync(`${raw}/raw.d.ts`));
  writeFileSync(`${out}/glue.d.ts`, GLUE_TYPES);
}

/** Panics name their source file. Without these flags with the path it has on this machine, the user's name included. */
function withoutPaths() {
  const sources = join(cargoHome, 'registry/src');
  const registries = existsSync(sources) ? readdirSync(sources).map((name) => join(sources, name)) : [];
  return [...registries.map((path) => `${path}=crates`), `${at()}=hushroom`].map(
    (mapping) => `--remap-path-prefix=${mapping}`,
  );
}

/**
 * Turns wasm-bindgen's glue, a module with one instance for ever, into a function that makes instances.
 *
 * So a loader can start afresh after a trap, and no statement stands at the module's top level that a bundler would have to
 * keep or could drop. Its loading code goes: `js/load.ts` does that. Each step must find what it expects, so that a
 * new wasm-bindgen cannot slip through half converted.
 *
 * @param {string} glue
 * @param {string} build
 */
function toFactory(glue, build) {
  /** @type {string[]} */
  const names = [];
  const parts = glue.split(/^async function __wbg_load\(/m);
  const [head, loading] = parts;
  if (
    parts.length !== 2 ||
    head === undefined ||
    !loading?.trimEnd().endsWith('export { initSync, __wbg_init as default };')
  ) {
    throw new Error('the glue of wasm-bindgen does not end with its loading code');
  }
  const guarded = head.split('wasm = instance.exports;').join('wasm = guard(instance.exports);');
  if (guarded.length !== head.length + 'guard()'.length) {
    throw new Error('the glue of wasm-bindgen has not one instance');
  }
  const body = guarded
    .replace(/^\/\* @ts-self-types=.*$/m, '')
    .replace(/^export (function|class) (\w+)/gm, (_, kind, name) => {
      names.push(name);
      return `${kind} ${name}`;
    });
  const left = /^\s*(import|export)\b.*$/m.exec(body);
  if (left !== null) throw new Error(`the glue of wasm-bindgen has an unexpected line: ${left[0]}`);
  return `export const BUILD = '${build}';

export function createGlue(module, guard) {
${body.trim()}

__wbg_finalize_init(new WebAssembly.Instance(module, __wbg_get_imports()), module);
return { ${names.join(', ')} };
}
`;
}

const GLUE_TYPES = `import type * as exports from './exports.js';

export type * from './exports.js';

/** What one instance offers. */
export type Glue = Omit<typeof exports, 'default' | 'initSync'>;

/** Version and flavour of the wasm this glue belongs to. */
export declare const BUILD: string;

/** Starts an instance. \`guard\` may wrap its exports. */
export declare function createGlue(
  module: WebAssembly.Module,
  guard: (exports: WebAssembly.Exports) => WebAssembly.Exports,
): Glue;
`;

/** The one version of crate and package. */
function packageVersion() {
  const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  const cargo = readFileSync(at('Cargo.toml'), 'utf8').match(/^\[workspace\.package\]\nversion = "(.*)"$/m)?.[1];
  if (version !== cargo) throw new Error(`package.json has version ${version}, Cargo.toml ${cargo}`);
  return version;
}

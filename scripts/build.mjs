// Builds the package into `dist/`, the demo into `www/dist/`, and the relay, which carries the demo. What has not changed
// is not built again.
//
//   node scripts/build.mjs [core | room | js | www | relay | cli | all]

import { pathToFileURL } from 'node:url';

import { bundle, ENTRIES } from './lib/bundle.mjs';
import { at, run } from './lib/run.mjs';
import { checkSizes } from './lib/sizes.mjs';
import { unlessFresh } from './lib/stamp.mjs';
import { writeTypes } from './lib/types.mjs';
import { buildWasm } from './lib/wasm.mjs';
import { buildWww } from './lib/www.mjs';

/** @type {Record<string, () => Promise<unknown>>} */
const STEPS = {
  core: () => buildWasm('core'),
  room: () => buildWasm('room'),
  js: buildPackage,
  async www() {
    await buildPackage();
    await buildWww();
  },
  relay: () => run('cargo', ['build', '--release', '--locked', '-p', 'hushroom-relay']),
  cli: () => run('cargo', ['build', '--release', '--locked', '-p', 'hushroom-cli']),
  async all() {
    await STEPS['www']?.();
    await STEPS['relay']?.();
  },
};

/** Everything a user of `npm start` needs. */
export async function build() {
  await STEPS['all']?.();
}

async function buildPackage() {
  await buildWasm('core');
  await buildWasm('room');
  const inputs = ['js', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/lib'];
  const what = {
    inputs: inputs.map((path) => at(path)),
    built: ['js/gen/core', 'js/gen/room'],
    outputs: ENTRIES.map(({ out }) => at('dist', out)),
  };
  await unlessFresh('package', what, async () => {
    await bundle();
    await writeTypes(['index', 'room/index', 'people/index', 'react/index', 'vue/index', 'agent/index', 'agent/plugin']);
    const modules = ENTRIES.map(({ out }) => out).filter((out) => out.endsWith('.js'));
    await checkSizes([...modules, 'core.wasm', 'room.wasm']);
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [name = 'all', ...rest] = process.argv.slice(2);
  const step = rest.length === 0 ? STEPS[name] : undefined;
  try {
    if (step === undefined) throw new Error(`usage: node scripts/build.mjs [${Object.keys(STEPS).join(' | ')}]`);
    await step();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

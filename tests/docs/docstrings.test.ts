import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { at } from '../../scripts/lib/run.mjs';
import { filesBelow } from '../js/consumer.js';
import { createWorld, type World } from './world.js';

/**
 * The examples in the comments of the entries for programs: each runs to its end, and what a comment behind an expression says is what it
 * gives. Those of agents, React and Vue, which wait for others, are compiled by `tests/js/package.test.ts`.
 */
const examples = filesBelow(at('js'))
  .filter((path) => path.endsWith('.ts') && !/\/js\/(agent|react|vue|view|gen)\//.test(path))
  .flatMap((path) => {
    const text = readFileSync(path, 'utf8').replace(/^ *\* ?/gm, '');
    return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ''], index) => [`${basename(path)} ${index + 1}`, code] as const);
  });

let world: World | undefined;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.end());

/** What a comment says of the expression before it is asked. */
const checked = (code: string): string =>
  code.replace(/^(?!const |let |\/\/)(.*); \/\/ ('.*'|\d+|\[.*\]|Uint8Array \[.*\])$/gm, (_, statement: string, value: string) => {
    const [, condition = '', expression = ''] = /^(if \(.*?\) )?(?:console\.log\((.*)\)|.*)$/.exec(statement) ?? [];
    const wanted = value.replace(/^Uint8Array \[(.*)\]$/, 'new Uint8Array([$1])');
    return `${condition}await same(${expression === '' ? statement.slice(condition.length) : expression}, ${wanted});`;
  });

const PRELUDE = `
  const text = (value) => JSON.stringify(value instanceof Uint8Array ? [...value] : value);
  const same = async (value, wanted) => {
    if (text(await value) !== text(wanted)) { console.log('not so: ' + text(await value)); throw new Error('not what the comment says'); }
    console.log('so it is');
  };
`;

test('there are examples, and comments that say what comes out', () => {
  expect(examples.length).toBeGreaterThan(20);
  expect(examples.filter(([, code]) => checked(code) !== code).length).toBeGreaterThan(6);
});

test.concurrent.each(examples)('%s', async (_, code) => {
  if (world === undefined) throw new Error('nothing to run it in');
  const script = `${PRELUDE}${checked(world.adapted(code).replaceAll('https://chat.example.com\'', `${world.relay}'`).replace('location.origin', `'${world.relay}'`))}`;
  if (/location|indexedDb/.test(code)) return inPage(world, script);
  // What a page would fetch.
  const fetches = code.includes("'/download'") ? 'globalThis.fetch = async () => new Response(encryptedFor());' : "globalThis.fetch = async (_, { body }) => void (await new Response(body).arrayBuffer());";
  const stub = /fetch\('\//.test(code) ? fetches : '';
  // There is one key in the example, and the file must have been encrypted with it.
  const download = stub.includes('encryptedFor') ? "import { encryptStream as encrypted } from 'hushroom';\nconst encryptedFor = () => encrypted(new Blob(['hello']), key);\n" : '';
  const program = await world.example(`${download}${stub}${script}\nconsole.log('to its end');\nprocess.exit(0);`);
  await program.ended;
  expect(program.output()).toMatch(/to its end\n$/);
  expect(program.output().split('so it is').length - 1).toBe(script.split('same(').length - 1);
});

async function inPage(place: World, script: string): Promise<void> {
  const { project } = place;
  const target = place.folder();
  writeFileSync(join(target, 'index.html'), '<!doctype html><link rel="icon" href="data:,"><script type="module" src="app.js"></script>');
  const contents = `${script}\ndocument.title = 'to its end';`;
  await build({ stdin: { contents, loader: 'ts', resolveDir: project.folder }, bundle: true, format: 'esm', platform: 'browser', outfile: join(target, 'app.js'), logLevel: 'error' });
  mkdirSync(join(target, 'assets'));
  copyFileSync(join(project.installed, 'dist/core.wasm'), join(target, 'assets/core.wasm'));
  const opened = await place.page(target);
  await opened.waitForFunction(() => document.title === 'to its end');
  await opened.close();
}

import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { build as esbuild } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { at, run } from '../../scripts/lib/run.mjs';
import { consumer, EXERCISE, filesBelow } from './consumer.js';
import type { Consumer } from './consumer.js';

/** The package as users get it, imported in each way there is. Browsers: `package-browser.test.ts`. */
let project: Consumer;

beforeAll(async () => {
  project = await consumer();
});
afterAll(() => project.remove());

const node = (file: string, ...flags: string[]) =>
  run(process.execPath, [...flags, file], { cwd: project.folder, quiet: true });

describe('what is packed', () => {
  test('is the built package and nothing else', () => {
    const names = filesBelow(project.installed).map((path) => path.slice(project.installed.length + 1));
    const top = names.filter((name) => !name.startsWith('dist/'));
    expect(top.sort()).toEqual(['CHANGELOG.md', 'LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'package.json']);
    const kinds = new Set(
      names.filter((name) => name.startsWith('dist/')).map((name) => name.replace(/^.*?(\.d)?(\.\w+)$/, '$1$2')),
    );
    expect([...kinds].sort()).toEqual(['.cjs', '.d.cts', '.d.ts', '.js', '.wasm']);
    expect(names.filter((name) => name.includes('/gen/'))).toEqual([]);
  });

  test('has every file its exports name, and none of them twice in another shape', () => {
    const { exports } = JSON.parse(readFileSync(join(project.installed, 'package.json'), 'utf8')) as {
      exports: object;
    };
    const targets = (value: unknown): string[] =>
      typeof value === 'string' ? [value] : Object.values(value as object).flatMap(targets);
    const named = new Set(targets(exports));
    for (const target of named) expect(existsSync(join(project.installed, target)), target).toBe(true);
    const modules = readdirSync(join(project.installed, 'dist')).filter((name) => /\.(c?js|wasm)$/.test(name));
    expect(modules.filter((name) => !named.has(`./dist/${name}`))).toEqual([]);
  });

  test('the entry for React is for clients, which its first statement says, and has no wasm', () => {
    for (const name of ['react.js', 'react.cjs']) {
      const code = readFileSync(join(project.installed, 'dist', name), 'utf8');
      // `use strict` may stand before it.
      expect(code, name).toMatch(/^("use strict";\s*)?"use client";/);
      expect(code, name).not.toMatch(/WebAssembly|0061736d/);
    }
  });

  test('Parcel, which reads no exports unless told to, finds each entry by its field for aliases', () => {
    type Target = string | { readonly [condition: string]: Target };
    const { exports, alias } = JSON.parse(readFileSync(join(project.installed, 'package.json'), 'utf8')) as {
      exports: Record<string, Target>;
      alias: Record<string, string>;
    };
    const forBrowsers = (target: Target = ''): string => (typeof target === 'string' ? target : forBrowsers(target['import'] ?? target['default']));
    const entries = Object.entries(exports).filter(([name]) => name !== '.' && name !== './package.json');
    expect(alias).toEqual(Object.fromEntries(entries.map(([name, target]) => [name, forBrowsers(target)])));
  });

  test('holds nothing of the machine it was built on', () => {
    const secrets = [at('/'), join(homedir(), '/'), '/registry/src/'];
    for (const path of filesBelow(project.installed)) {
      const content = readFileSync(path, 'latin1');
      for (const secret of secrets) expect(content.includes(secret), `${path}: ${secret}`).toBe(false);
    }
  });

  test('each module is self-contained, but for those that share the room', () => {
    const allowed: Record<string, RegExp> = {
      'workerd.js': /^\.\/core\.wasm$/,
      'edge-light.js': /^\.\/core\.wasm\?module$/,
      'room.workerd.js': /^\.\/room\.wasm$/,
      'room.edge-light.js': /^\.\/room\.wasm\?module$/,
      'room.node.js': /^(ws|node:.*)$/,
      'room.node.cjs': /^(ws|node:.*)$/,
      // They run on the wasm of the room entry of their kind.
      'people.js': /^\.\/room\.js$/,
      'people.cjs': /^\.\/room\.cjs$/,
      'people.node.js': /^(\.\/room\.node\.js|node:.*)$/,
      'people.node.cjs': /^(\.\/room\.node\.cjs|node:.*)$/,
      'people.slim.js': /^\.\/room\.slim\.js$/,
      'people.slim.cjs': /^\.\/room\.slim\.cjs$/,
      'people.workerd.js': /^\.\/room\.workerd\.js$/,
      'people.edge-light.js': /^\.\/room\.edge-light\.js$/,
      // The framework is the application's. They have the types of the room, and nothing of it.
      'react.js': /^react$/,
      'react.cjs': /^react$/,
      'vue.js': /^vue$/,
      'vue.cjs': /^vue$/,
      'agent.js': /^(\.\/room\.node\.js|node:.*)$/,
      'agent.cjs': /^(\.\/room\.node\.cjs|node:.*)$/,
      'agent.plugin.js': /^\.\/agent\.js$/,
      'agent.plugin.cjs': /^\.\/agent\.cjs$/,
    };
    for (const path of filesBelow(join(project.installed, 'dist')).filter((name) => /\.c?js$/.test(name))) {
      const name = path.slice(join(project.installed, 'dist/').length);
      const code = readFileSync(path, 'utf8');
      const imports = [
        ...code.matchAll(
          /^(?:import|export)\b[^;]*?\bfrom ["']([^"']+)["']|^import ["']([^"']+)["']|\brequire\(["']([^"']+)["']\)/gm,
        ),
      ];
      for (const [, from, bare, required] of imports)
        expect(from ?? bare ?? required, name).toMatch(allowed[name] ?? /^$/);
      // No dynamic import (extensions' service workers refuse it), no address of the module, no code from strings.
      expect(code, name).not.toMatch(/\bimport\(|import\.meta|\beval\(|new Function\(/);
      // Next's development server puts these calls, for the edge, into a function that is not async.
      expect(code, name).not.toMatch(/WebAssembly\.(compile|instantiate)\([^;]*\bawait\b/);
    }
  });
});

describe('Node', () => {
  const entries = [
    ['.', 'hushroom', '', EXERCISE],
    [
      './slim',
      'hushroom/slim',
      "await api.init(readFileSync(new URL(import.meta.resolve('hushroom/core.wasm'))));",
      EXERCISE,
    ],
    ['./room', 'hushroom/room', '', "if (typeof api.createRoom !== 'function') throw new Error(); return 'works';"],
    [
      './people',
      'hushroom/people',
      '',
      "if (typeof api.register !== 'function') throw new Error(); api.fileStore('x'); return 'works';",
    ],
    [
      './room/slim',
      'hushroom/room/slim',
      "await api.init(readFileSync(new URL(import.meta.resolve('hushroom/room.wasm'))));",
      "api.parseShareCode('hush1:V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8'); return 'works';",
    ],
  ] as const;

  test.each(entries)('ESM %s', async (_, name, init, body) => {
    const file = project.write(
      'app.mjs',
      `import { readFileSync } from 'node:fs';
       import * as api from '${name}';
       ${init}
       console.log(await (async () => {${body}})());`,
    );
    expect(await node(file)).toBe('works\n');
  });

  test.each(['--experimental-require-module', '--no-experimental-require-module'])('CommonJS with %s', async (flag) => {
    const file = project.write(
      'app.cjs',
      `const api = require('hushroom');\n(async () => {${EXERCISE}})().then(console.log);`,
    );
    expect(await node(file, flag)).toBe('works\n');
    const room = project.write('room.cjs', "console.log(typeof require('hushroom/room').createRoom);");
    expect(await node(room, flag)).toBe('function\n');
  });

  test('where both are at hand, import and require give the same instance', async () => {
    const file = project.write(
      'both.mjs',
      `import { createRequire } from 'node:module';
       import { sealMessage } from 'hushroom';
       console.log(createRequire(import.meta.url)('hushroom').sealMessage === sealMessage);`,
    );
    expect(await node(file, '--experimental-require-module')).toBe('true\n');
  });

  test.each([
    ['workerd', 'workerd.js'],
    ['edge-light', 'edge-light.js'],
    ['node', 'index.js'],
    ['browser', 'index.js'],
  ])('the condition %s leads to %s', async (condition, file) => {
    const script = project.write(
      'resolve.mjs',
      "console.log(import.meta.resolve('hushroom'), import.meta.resolve('hushroom/room'));",
    );
    const [core, room] = (await node(script, '--conditions', condition)).trim().split(' ');
    expect(core).toMatch(new RegExp(`/dist/${file}$`));
    expect(room).toMatch(
      condition === 'workerd' || condition === 'edge-light'
        ? new RegExp(`/dist/room.${file}$`)
        : /\/dist\/room\.node\.js$/,
    );
  });

  test('an entry with an imported wasm file works where such imports are modules', async () => {
    const bundled = await esbuild({
      stdin: {
        contents: `import * as api from 'hushroom';\nexport default (async () => {${EXERCISE}})();`,
        resolveDir: project.folder,
      },
      bundle: true,
      write: false,
      format: 'esm',
      conditions: ['workerd'],
      // What the platform does: the import is a compiled module.
      plugins: [
        {
          name: 'compiled-wasm',
          setup: ({ onLoad }) =>
            onLoad({ filter: /\.wasm$/ }, ({ path }) => ({
              contents: `const bytes = Buffer.from('${readFileSync(path).toString('base64')}', 'base64');
                         export default new WebAssembly.Module(bytes);`,
              loader: 'js',
            })),
        },
      ],
    });
    const file = project.write('worker.mjs', `${bundled.outputFiles[0]?.text}`);
    const app = project.write('worker-app.mjs', `import result from '${file}';\nconsole.log(await result);`);
    expect(await node(app)).toBe('works\n');
  });
});

describe('bundling', () => {
  const bundleOf = async (contents: string) => {
    const result = await esbuild({
      stdin: { contents, resolveDir: project.folder },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      logLevel: 'error',
    });
    return result.outputFiles[0]?.text ?? '';
  };

  test('importing has no side effects', async () => {
    for (const name of ['hushroom', 'hushroom/slim', 'hushroom/room', 'hushroom/room/slim']) {
      expect((await bundleOf(`import '${name}'; import * as api from '${name}';`)).trim()).toBe('');
    }
    // The same when a bundler is told otherwise: at the top level there are constants and nothing that does anything.
    const constants = /^(var \w+=([\d*]+|new Uint8Array\(0\));|\s)*$/;
    const manifest = join(project.installed, 'package.json');
    const original = readFileSync(manifest, 'utf8');
    writeFileSync(manifest, original.replace('"sideEffects": false', '"sideEffects": true'));
    try {
      for (const name of ['hushroom', 'hushroom/slim']) expect(await bundleOf(`import '${name}';`)).toMatch(constants);
    } finally {
      writeFileSync(manifest, original);
    }
  });

  test('what is not used is left out', async () => {
    const guard = await bundleOf("import { isHushError } from 'hushroom'; console.log(isHushError(1));");
    expect(guard.length).toBeLessThan(1000);
    expect(await bundleOf("import { decodeFrame } from 'hushroom'; console.log(decodeFrame);")).not.toContain(
      'getReader',
    );
  });
});

describe('types', () => {
  const settings = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    lib: ['es2022', 'dom', 'dom.asynciterable'],
    types: [],
    skipLibCheck: false,
  };
  const source = `
    import { generateFileKey, isHushError, parseShareCode, sealMessage } from 'hushroom';
    import type { HushErrorCode, ShareCode } from 'hushroom';
    import { createRoom, joinRoom, openIdentity, type Protocol, type Room, type Verification } from 'hushroom/room';
    import type { Comparison, Identity, IdentityStore, KnownDevice, SafetyNumber } from 'hushroom/room';
    const key: Uint8Array<ArrayBuffer> = generateFileKey();
    const blob = new Blob([key, parseShareCode('x').key]);
    const code: ShareCode['protocol'] = 'hush1';
    export const sealed: { iv: string; ciphertext: string } = sealMessage(key, code);
    export const codeOf = (error: unknown): HushErrorCode | undefined => (isHushError(error) ? error.code : undefined);
    export const room = async (): Promise<Room> => createRoom({ relay: 'wss://example.com/ws', name: String(blob.size) });
    // @ts-expect-error a key is no string
    sealMessage('key', 'text');
    export async function arthas(relay: string): Promise<string | undefined> {
      const other = await createRoom({ relay, name: 'Ada', protocol: 'arthas', password: 'hunter22', ephemeralSeconds: 30 });
      const same: Room = await joinRoom({ relay, name: 'Grace', code: other.code, password: 'hunter22' });
      const { ephemeralSeconds, hasPassword, messages } = same.getSnapshot();
      const protocol: Protocol = same.protocol;
      other.sendFile(blob, { voiceSeconds: 3 });
      // @ts-expect-error there is no such protocol
      await createRoom({ relay, name: 'Ada', protocol: 'irc' });
      for await (const event of same.events()) {
        if (event.type === 'message-changed') return describe(event.message.verification);
        if (event.type === 'message-expired') return event.messageId;
        if (event.type === 'member-key' && event.changed) return event.member.deviceKey;
        if (event.type === 'file-offer' && event.offer.thumbnail !== undefined) new Blob([event.offer.thumbnail]);
      }
      return messages[0]?.quote?.preview ?? [protocol, ephemeralSeconds, hasPassword].join();
    }
    export async function acquainted(relay: string, store: IdentityStore): Promise<boolean> {
      const identity: Identity = await openIdentity({ store });
      const [known]: readonly KnownDevice[] = await identity.knownDevices();
      const two = await createRoom({ relay, name: 'Ada', maxMembers: 2, identity });
      const number: SafetyNumber = two.safetyNumber(two.selfId);
      const comparison: Comparison = two.compare(two.selfId);
      await two.verify(two.selfId, number.compare(number.scannable) === 'same');
      return known?.verified ?? (await comparison.done);
    }
    const describe = (verification: Verification): string => {
      switch (verification) {
        case 'verified': case 'unknown': case 'failed': case 'unsigned': case 'key-changed': return verification;
      }
    };
  `;
  const projects = [
    ['an ES module', 'app.mts', { module: 'node16' }],
    ['a CommonJS module', 'app.cts', { module: 'node16' }],
    ['a bundled module', 'app.ts', { module: 'esnext', moduleResolution: 'bundler' }],
  ] as const;

  test.each(projects)('for %s', async (_, file, options) => {
    project.write(`types/${file}`, source);
    const config = project.write(
      'types/tsconfig.json',
      JSON.stringify({ compilerOptions: { ...settings, ...options }, files: [file] }),
    );
    await run('tsc', ['-p', config], { cwd: project.folder, quiet: true });
  });

  test("for a server's project, which has no types of the DOM", async () => {
    const names = ['', '/slim', '/room', '/people', '/agent'];
    project.write('types/server.mts', names.map((name, index) => `export * as all${index} from 'hushroom${name}';`).join('\n'));
    const node = { types: ['node'], typeRoots: [at('node_modules/@types')], lib: ['es2022'], module: 'nodenext' };
    const options = { ...settings, ...node, exactOptionalPropertyTypes: true };
    const config = project.write('types/tsconfig.json', JSON.stringify({ compilerOptions: options, files: ['server.mts'] }));
    await run('tsc', ['-p', config], { cwd: project.folder, quiet: true });
  });

  test('every example of the documentation is valid', async () => {
    const documented = [
      ...filesBelow(join(project.installed, 'dist/types')).filter((name) => name.endsWith('.d.ts')),
      join(project.installed, 'README.md'),
    ];
    const files: string[] = [];
    for (const path of documented) {
      const text = readFileSync(path, 'utf8').replace(/^ *\* ?/gm, '');
      for (const [, language, code] of text.matchAll(/^```(tsx?)\n(.*?)^```$/gms))
        (files.push(`example-${files.length}.${language}`), project.write(`examples/${files.at(-1)}`, `${code}\nexport {};\n`));
    }
    expect(files.length).toBeGreaterThan(15);
    // Agents run in Node, and their examples say so.
    const node = { types: ['node'], typeRoots: [at('node_modules/@types')], skipLibCheck: true };
    // The project has no React of its own.
    const react = { jsx: 'react-jsx', paths: { react: [at('node_modules/@types/react')], 'react/*': [at('node_modules/@types/react/*')] } };
    const options = { ...settings, ...node, ...react, module: 'esnext', moduleResolution: 'bundler' };
    const config = project.write('examples/tsconfig.json', JSON.stringify({ compilerOptions: options, files }));
    await run('tsc', ['-p', config], { cwd: project.folder, quiet: true });
  });
});

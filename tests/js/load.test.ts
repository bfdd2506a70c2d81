import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { guardExports } from '../../js/guard.js';
import type * as Api from '../../js/index.js';
import { codeOf, codeOfAsync, KEY } from './helpers.js';
import { recordInstances } from './instances.js';

const flavour = 'room';
const file = readFileSync(new URL(`../../js/gen/${flavour}/module.wasm`, import.meta.url));
const bytes = () => Uint8Array.from(file);

/** A fresh copy of the package: what it has loaded is kept at module level. */
let api: typeof Api;
let instances: WebAssembly.Instance[];

beforeEach(async () => {
  vi.resetModules();
  instances = recordInstances();
  api = await import('../../js/index.js');
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.doUnmock('#source');
});

/** As an entry without wasm of its own. */
async function slim(): Promise<typeof Api> {
  vi.resetModules();
  vi.doMock('#source', () => import('../../js/source.none.js'));
  return import('../../js/index.js');
}

describe('the entry with its own wasm', () => {
  test('starts on first use, once', () => {
    expect(instances).toHaveLength(0);
    expect(api.version()).toMatch(/^\d+\.\d+\.\d+$/);
    expect(instances).toHaveLength(0);
    api.generateShareCode();
    api.generateShareCode();
    expect(instances).toHaveLength(1);
  });

  test('concurrent preloading starts it once', async () => {
    const calls = [api.init(), api.init()];
    api.generateShareCode();
    await Promise.all([...calls, api.init()]);
    expect(instances).toHaveLength(1);
  });

  test('the wasm is decoded with and without native support', () => {
    const native = vi.fn((text: string) => Uint8Array.from(Buffer.from(text, 'hex')));
    vi.stubGlobal('Uint8Array', Object.assign(class extends Uint8Array {}, { fromHex: native }));
    expect(api.generateShareCode()).toMatch(/^hush1:/);
    expect(native).toHaveBeenCalledOnce();
  });

  test('a source that contradicts the one in use is refused', async () => {
    api.generateShareCode();
    await api.init();
    expect(await codeOfAsync(api.init(bytes()))).toBe('INVALID_STATE');
    api.generateShareCode();
  });

  test.each([
    `WebAssembly.Module(): Compiling or instantiating WebAssembly module violates the following Content Security policy directive because 'unsafe-eval' is not an allowed source of script in the following Content Security Policy directive: "script-src 'self'".`,
    'call to WebAssembly.Module() blocked by CSP',
    "Refused to create a WebAssembly object because 'unsafe-eval' or 'wasm-unsafe-eval' is not an allowed source of script",
  ])('a refusal by the policy of the page names the remedy: %s', async (reason) => {
    function refuse(): never {
      throw new WebAssembly.CompileError(reason);
    }
    vi.spyOn(WebAssembly, 'Module').mockImplementation(refuse);
    vi.spyOn(WebAssembly, 'compile').mockImplementation(refuse);
    const message = expect.stringMatching(/^the wasm could not be started: the content security policy needs script-src 'wasm-unsafe-eval': /);
    expect(() => api.generateShareCode()).toThrow(expect.objectContaining({ code: 'INIT_FAILED', message }));
    await expect(api.init()).rejects.toMatchObject({ code: 'INIT_FAILED', message });
  });

  test('only a refusal by the policy does', async () => {
    await expect(api.init(new Uint8Array(8))).rejects.toThrow(/^the wasm could not be started: (?!the content security policy)/);
  });

  test('where wasm may not be compiled the error says so, and the next call tries again', async () => {
    const { Module } = WebAssembly;
    const compile = vi.spyOn(WebAssembly, 'Module').mockImplementation(function () {
      throw new WebAssembly.CompileError('blocked by the content security policy');
    });
    expect(codeOf(() => api.generateShareCode())).toBe('INIT_FAILED');
    expect(() => api.generateShareCode()).toThrow('content security policy');
    compile.mockImplementation(function (source) {
      return new Module(source);
    });
    expect(api.generateShareCode()).toMatch(/^hush1:/);
  });
});

describe('init', () => {
  let server: ReturnType<typeof createServer>;
  let base: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/page') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>');
      const types: Record<string, string> = { '/right': 'application/wasm', '/plain': 'text/plain' };
      const type = types[request.url ?? ''];
      if (type === undefined) response.writeHead(404).end('<!doctype html>');
      else response.writeHead(200, { 'content-type': type }).end(file);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  const sources = {
    'a Uint8Array': () => bytes(),
    'an ArrayBuffer': () => bytes().buffer,
    'a view into a larger buffer': () => {
      const larger = new Uint8Array(file.length + 100);
      larger.set(file, 50);
      return larger.subarray(50, 50 + file.length);
    },
    'a module': () => new WebAssembly.Module(bytes()),
    'an address': () => `${base}/right`,
    'a URL': () => new URL(`${base}/right`),
    'an address with a wrong MIME type': () => `${base}/plain`,
    'a response': () => new Response(bytes(), { headers: { 'content-type': 'application/wasm' } }),
    'a promise of a response': () => fetch(`${base}/right`),
    'a promise of bytes': async () => bytes(),
  };

  test.each(Object.entries(sources))('takes %s', async (_, source) => {
    const { init, generateShareCode } = await slim();
    const given = source();
    await Promise.all([init(given), init(given), init()]);
    expect(generateShareCode()).toMatch(/^hush1:/);
    expect(instances).toHaveLength(1);
    await init(given);
  });

  test('is needed where the entry carries no wasm', async () => {
    const { init, generateShareCode } = await slim();
    expect(codeOf(() => generateShareCode())).toBe('INIT_FAILED');
    expect(() => generateShareCode()).toThrow('init');
    expect(await codeOfAsync(init())).toBe('INIT_FAILED');
    await init(bytes());
    expect(generateShareCode()).toMatch(/^hush1:/);
  });

  test('forgets a failed attempt', async () => {
    const { init, generateShareCode } = await slim();
    const html = new TextEncoder().encode('<!doctype html>');
    const broken: (() => Parameters<typeof init>[0])[] = [
      () => `${base}/missing`,
      () => 'http://127.0.0.1:1/',
      () => html,
      () => bytes().subarray(0, 1000),
      () => Promise.reject(new Error('no bytes')),
    ];
    for (const source of broken) {
      expect(await codeOfAsync(init(source()))).toBe('INIT_FAILED');
      expect(codeOf(() => generateShareCode())).toBe('INIT_FAILED');
    }
    for (const wrong of [null, 1, {}, []]) expect(await codeOfAsync(init(wrong as never))).toBe('INVALID_ARGUMENT');
    await init(`${base}/right`);
    expect(generateShareCode()).toMatch(/^hush1:/);
  });

  test('says what a server sent instead', async () => {
    const { init } = await slim();
    await expect(init(`${base}/page`)).rejects.toThrow(
      /^the wasm could not be started: what the server sent as text\/html could not be compiled: .*magic/,
    );
    await expect(init(`${base}/missing`)).rejects.toThrow('the server answered 404');
  });

  test('refuses another source while and after one is loaded', async () => {
    const { init } = await slim();
    const [first, second] = [bytes(), bytes()];
    const loading = init(first);
    expect(await codeOfAsync(init(second))).toBe('INVALID_STATE');
    await loading;
    expect(await codeOfAsync(init(second))).toBe('INVALID_STATE');
  });

  test('refuses the wasm of another build', async () => {
    const { init, generateShareCode } = await slim();
    const other = bytes();
    const build = Buffer.from(other.buffer).indexOf(api.version());
    expect(build).toBeGreaterThan(0);
    other[build] = '9'.charCodeAt(0);
    const message = (got: string) =>
      expect.stringMatching(new RegExp(`^the wasm could not be started: expected the build ${api.version()} ${flavour}, got ${got}$`));
    await expect(init(other)).rejects.toMatchObject({ code: 'INIT_FAILED', message: message(`9${api.version().slice(1)} ${flavour}`) });
    // Some other modules: the smallest there is, and one that imports what nobody has.
    const smallest = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    const type = [1, 4, 1, 0x60, 0, 0];
    const importing = [...smallest, ...type, 2, 7, 1, 1, 0x61, 1, 0x62, 0, 0];
    for (const module of [smallest, importing]) {
      expect(WebAssembly.validate(Uint8Array.from(module))).toBe(true);
      const error = await init(Uint8Array.from(module)).catch((reason: unknown) => reason as Error & { cause: Error });
      expect(error).toMatchObject({ code: 'INIT_FAILED', message: message('another') });
      // What the engine says of it is not lost.
      expect(error?.cause.cause).toBeInstanceOf(TypeError);
    }
    await expect(init(readFileSync(new URL('../../js/gen/core/module.wasm', import.meta.url)))).rejects.toMatchObject({
      code: 'INIT_FAILED',
      message: message(`${api.version()} core`),
    });
    await init(bytes());
    expect(generateShareCode()).toMatch(/^hush1:/);
  });
});

describe('a trap', () => {
  /** Breaks a running instance: its memory is filled with nonsense until a call fails. */
  function breakInstance(): WebAssembly.Memory {
    const { memory } = (instances.at(-1) as WebAssembly.Instance).exports as { memory: WebAssembly.Memory };
    new Uint8Array(memory.buffer).fill(0xff);
    return memory;
  }

  test('is INTERNAL, and the next call gets a fresh instance', () => {
    api.sealMessage(KEY, 'x');
    const memory = breakInstance();
    expect(codeOf(() => api.sealMessage(KEY, 'x'))).toBe('INTERNAL');
    const sealed = api.sealMessage(KEY, 'hello');
    expect(new TextDecoder().decode(api.openMessage(KEY, sealed))).toBe('hello');
    expect(instances).toHaveLength(2);
    expect(new Uint8Array(memory.buffer).every((byte) => byte === 0)).toBe(true);
  });

  test('what belonged to the old instance fails, but can be given back', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const drop = vi.fn();
    const use = vi.fn(() => {
      throw new WebAssembly.RuntimeError('unreachable');
    });
    const never = vi.fn();
    const guarded = guardExports(
      { memory, use, other: never, __wbg_thing_free: never, __wbindgen_destroy_closure: never },
      drop,
    );
    const call = (name: string) => (guarded[name] as () => unknown)();
    for (let i = 0; i < 3; i++) expect(codeOf(() => call('use'))).toBe('INTERNAL');
    expect(codeOf(() => call('other'))).toBe('INTERNAL');
    call('__wbg_thing_free');
    call('__wbindgen_destroy_closure');
    expect(use).toHaveBeenCalledOnce();
    expect(drop).toHaveBeenCalledOnce();
    expect(never).not.toHaveBeenCalled();
  });

  test('the error says what failed', () => {
    api.sealMessage(KEY, 'x');
    breakInstance();
    try {
      api.sealMessage(KEY, 'x');
    } catch (error) {
      expect((error as Error).cause).toBeInstanceOf(WebAssembly.RuntimeError);
      return;
    }
    throw new Error('nothing was thrown');
  });
});

test('an error is known by name and code, wherever it comes from', () => {
  const { isHushError } = api;
  expect(isHushError(Object.assign(new Error('x'), { name: 'HushError', code: 'INTERNAL' }))).toBe(true);
  expect(isHushError(structuredClone({ name: 'HushError', code: 'INTERNAL' }))).toBe(true);
  for (const other of [undefined, null, 'HushError', new Error('x'), { name: 'HushError' }, { code: 'INTERNAL' }]) {
    expect(isHushError(other)).toBe(false);
  }
});

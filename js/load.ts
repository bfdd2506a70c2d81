import { BUILD, createGlue } from '#glue';
import { defaultSource } from '#source';

import type { Glue } from './gen/core/glue.js';

import { hushError, isHushError } from './errors.js';
import { guardExports } from './guard.js';
import type { WasmSource } from './wasm-source.js';

/** The functions and classes of the wasm instance. What the room build adds: `load-room.ts`. */
export type Wasm = Glue;

/** How engines say that a page may not compile wasm. Some name no remedy, and Chromium one that allows far more. */
const REFUSED_BY_POLICY = /content security policy|\bCSP\b|unsafe-eval/i;

/** What {@link load} was given, to tell a repeated call from a contradiction. */
let origin: unknown;
let compiled: WebAssembly.Module | undefined;
let pending: Promise<void> | undefined;
let instance: Wasm | undefined;

/**
 * The running wasm instance, started on first use.
 *
 * After a trap a fresh one is started, and whatever belonged to the old one fails with `INTERNAL`. So call this for each
 * operation instead of keeping its result. Compiling synchronously is deliberate: the API is synchronous, the module is
 * small, and every engine allows it on any thread.
 *
 * @throws `INIT_FAILED`; the next call tries again.
 */
export function wasm(): Wasm {
  return (instance ??= start());
}

/** See `init`. */
export function load(source?: WasmSource | PromiseLike<WasmSource>): Promise<void> {
  if (compiled !== undefined || pending !== undefined) {
    if (source === undefined || source === origin) return pending ?? Promise.resolve();
    return Promise.reject(hushError('INVALID_STATE', 'wasm from another source is loaded already'));
  }
  origin = source;
  pending = prepare(source).finally(() => {
    pending = undefined;
  });
  return pending;
}

async function prepare(source: WasmSource | PromiseLike<WasmSource> | undefined): Promise<void> {
  try {
    const module = await compile(source === undefined ? defaultSource() : await source);
    // A synchronous call may have been faster with the wasm of this entry, which is the same.
    compiled ??= module;
    wasm();
  } catch (cause) {
    forget();
    throw initError(cause);
  }
}

function start(): Wasm {
  try {
    const source = compiled ?? defaultSource();
    compiled = isModule(source) ? source : new WebAssembly.Module(source);
    return instantiate(compiled);
  } catch (cause) {
    forget();
    throw initError(cause);
  }
}

function instantiate(module: WebAssembly.Module): Wasm {
  let build: string;
  try {
    const glue: Wasm = createGlue(module, (exports) =>
      guardExports(exports, () => {
        if (instance === glue) instance = undefined;
      }),
    );
    build = glue.build();
    if (build === BUILD) return glue;
  } catch (cause) {
    // Wasm of another build mostly does not get as far as to say which: it imports and exports other functions.
    if (!(cause instanceof WebAssembly.LinkError) && !(cause instanceof TypeError)) throw cause;
    build = 'another';
  }
  throw new Error(`expected the build ${BUILD}, got ${build}`);
}

/** A failure must not last: unless wasm is running, the next call starts from nothing. */
function forget(): void {
  if (instance !== undefined) return;
  origin = undefined;
  compiled = undefined;
}

async function compile(source: WasmSource): Promise<WebAssembly.Module> {
  if (isModule(source)) return source;
  if (typeof source === 'string' || tag(source) === 'URL') return compile(await fetch(source as string | URL));
  if (ArrayBuffer.isView(source) || tag(source).endsWith('ArrayBuffer'))
    return WebAssembly.compile(source as BufferSource);
  if (tag(source) !== 'Response') throw hushError('INVALID_ARGUMENT', 'not bytes, a module, a response or an address');
  const response = source as Response;
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const type = response.headers.get('content-type') ?? 'no type';
  if (type.startsWith('application/wasm')) return WebAssembly.compileStreaming(response);
  // Streaming insists on the MIME type. A server that does not send it costs time, not the page. Mostly: many answer an address that
  // they do not know with a page.
  // Not in one line: Next's development server wraps such a call, for the edge, in a function in which there may be no `await`.
  const bytes = await response.arrayBuffer();
  return WebAssembly.compile(bytes).catch((cause: unknown) => {
    throw new Error(`what the server sent as ${type} could not be compiled: ${cause instanceof Error ? cause.message : ''}`, { cause });
  });
}

function initError(cause: unknown): Error {
  if (isHushError(cause)) return cause;
  const reason = cause instanceof Error ? cause.message : 'unknown reason';
  const remedy = REFUSED_BY_POLICY.test(reason) ? "the content security policy needs script-src 'wasm-unsafe-eval': " : '';
  return hushError('INIT_FAILED', `the wasm could not be started: ${remedy}${reason}`, cause);
}

function isModule(value: unknown): value is WebAssembly.Module {
  return tag(value) === 'WebAssembly.Module';
}

/** The kind of a platform object of whatever realm: `instanceof` is wrong across frames and workers. */
function tag(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

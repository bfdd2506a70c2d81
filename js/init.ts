import { load } from './load.js';
import type { WasmSource } from './wasm-source.js';

/**
 * Loads the wasm ahead of its first use. Only `hushroom/slim` needs it, since it carries no wasm of its own; elsewhere it
 * merely compiles ahead of time, off the main thread where the engine can.
 *
 * May be called any number of times: calls share one attempt, and a failed attempt is forgotten, so that the next call
 * tries again.
 *
 * @param source - Where to load from: bytes, a compiled module, a response, or an address to fetch. Default: the wasm
 * this entry carries.
 * @throws `INIT_FAILED` when it cannot be fetched or compiled, is of another version, or the page's content security policy
 * forbids wasm; `INVALID_STATE` when wasm from another source is loaded already; `INVALID_ARGUMENT` for a source of another
 * kind.
 *
 * @example
 * ```ts
 * import { generateShareCode, init } from 'hushroom/slim';
 *
 * await init(new URL('/assets/core.wasm', location.href));
 * generateShareCode();
 * ```
 */
export async function init(source?: WasmSource | PromiseLike<WasmSource>): Promise<void> {
  return load(source);
}

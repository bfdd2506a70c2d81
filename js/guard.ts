import { hushError } from './errors.js';

/** The raw exports of a wasm instance: functions, its memory and tables. */
export type WasmExports = WebAssembly.Exports;

/**
 * Wraps the functions of a wasm instance so that a trap ends it.
 *
 * An exception that crosses wasm frames (a trap, an exhausted stack) leaves the instance in a state nobody has thought
 * about, with secrets lying about in its memory. So its memory is wiped, `drop` is called, and this and every later call
 * fails with `INTERNAL`. Errors that Rust returns do not come this way: the glue throws them after wasm has returned.
 */
export function guardExports(exports: WasmExports, drop: () => void): WasmExports {
  let dead = false;
  const guarded: WasmExports = {};
  for (const [name, value] of Object.entries(exports)) {
    guarded[name] = typeof value === 'function' ? guard(name, value as (...args: unknown[]) => unknown) : value;
  }
  return guarded;

  function guard(name: string, call: (...args: unknown[]) => unknown) {
    return (...args: unknown[]): unknown => {
      if (dead) return releases(name) ? undefined : fail();
      try {
        return call(...args);
      } catch (cause) {
        dead = true;
        drop();
        new Uint8Array((exports['memory'] as WebAssembly.Memory).buffer).fill(0);
        return fail(cause);
      }
    };
  }
}

/** Giving back what no longer exists must not fail: finalizers and `finally` blocks do it. */
function releases(name: string): boolean {
  return name.endsWith('_free') || name === '__wbindgen_destroy_closure';
}

function fail(cause?: unknown): never {
  throw hushError('INTERNAL', 'the wasm instance failed; what it held is gone', cause);
}

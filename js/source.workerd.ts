import module from '#wasm-workerd';

/** Workers must not compile from bytes: the platform compiles the imported file when the worker is deployed. */
export function defaultSource(): WebAssembly.Module {
  return module;
}

import module from '#wasm-edge';

/** Edge runtimes must not compile from bytes: the bundler turns the import into a compiled module. */
export function defaultSource(): WebAssembly.Module {
  return module;
}

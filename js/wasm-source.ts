/** What the wasm can be loaded from. An address is fetched. */
export type WasmSource = BufferSource | WebAssembly.Module | Response | URL | string;

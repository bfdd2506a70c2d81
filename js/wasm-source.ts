/** `WebAssembly.Module`, where the compiler knows it: it belongs to the DOM's types, which a server's project is without. */
type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : never;

/** What the wasm can be loaded from. An address is fetched. */
export type WasmSource = ArrayBuffer | ArrayBufferView | WasmModule | Response | URL | string;

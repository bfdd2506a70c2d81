/** A `.wasm` file as platforms that compile ahead of time import it. Only a type: each bundle imports its own file. */
declare const module: WebAssembly.Module;
export default module;

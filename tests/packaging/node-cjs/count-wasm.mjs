// Preloaded: says at the end how many wasm modules were compiled, and how many instances were made. Those of Node itself, which `fetch`
// has, are much smaller than any of ours.
const OURS_BYTES = 100_000;
const counts = { modules: 0, instances: 0 };
const ours = new WeakSet();
const { Module, Instance } = WebAssembly;

WebAssembly.Module = new Proxy(Module, {
  construct(target, [bytes]) {
    const module = new target(bytes);
    if (bytes.byteLength > OURS_BYTES) (counts.modules++, ours.add(module));
    return module;
  },
});
WebAssembly.Instance = new Proxy(Instance, {
  construct(target, args) {
    if (ours.has(args[0])) counts.instances++;
    return Reflect.construct(target, args);
  },
});
for (const name of ['compile', 'compileStreaming', 'instantiate', 'instantiateStreaming']) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (source, ...rest) => {
    const result = await original(source, ...rest);
    if (source.byteLength > OURS_BYTES) (counts.modules++, ours.add(result));
    return result;
  };
}
process.on('exit', () => console.log(`wasm ${counts.modules} ${counts.instances}`));

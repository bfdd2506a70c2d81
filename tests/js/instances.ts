import { vi } from 'vitest';

/** Every wasm instance that is made from now on, until mocks are restored. */
export function recordInstances(): WebAssembly.Instance[] {
  const instances: WebAssembly.Instance[] = [];
  const { Instance } = WebAssembly;
  vi.spyOn(WebAssembly, 'Instance').mockImplementation(function (module, imports) {
    const instance = new Instance(module, imports);
    instances.push(instance);
    return instance;
  });
  return instances;
}

/** A copy of the memory of the only instance there is. */
export function memoryOf(instances: readonly WebAssembly.Instance[]): Buffer {
  const [instance, ...others] = instances;
  if (instance === undefined || others.length > 0) throw new Error(`there are ${instances.length} instances, and not one`);
  return Buffer.from((instance.exports['memory'] as WebAssembly.Memory).buffer);
}

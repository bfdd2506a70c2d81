// Of modules that no page has: what is imported can be named, and fails when it is used. What needs it is in `absent.mjs`.

const absent = (name: string) => (): never => {
  throw new Error(`a page has no ${name}`);
};

/** Where tests take it for a source of chunks of their making, and nothing of Node is meant. */
export const Readable = {
  async *from(chunks: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<unknown> {
    yield* chunks;
  },
};
export const tmpdir = (): string => 'nowhere';
export const join = (...parts: readonly string[]): string => parts.join('/');
export const mkdtemp = (): Promise<string> => Promise.resolve('nowhere');
export const rm = (): Promise<void> => Promise.resolve();
export const readdir: () => never = absent('node:fs');
export const readFile: () => never = absent('node:fs');
export const stat: () => never = absent('node:fs');
export const writeFile: () => never = absent('node:fs');

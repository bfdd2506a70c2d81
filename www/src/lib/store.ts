import { useEffect, useReducer, useRef } from 'preact/hooks';

/** A value that can be read and watched. */
export interface Readable<T> {
  get(): T;
  /** Calls `listener` after each change; returns how to stop it. */
  subscribe(listener: () => void): () => void;
}

/** A {@link Readable} that can be set. */
export interface Store<T> extends Readable<T> {
  set(next: T): void;
  update(change: (current: T) => T): void;
}

/** Makes a store. Setting the same value again tells nobody. */
export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  const set = (next: T) => {
    if (Object.is(next, value)) return;
    value = next;
    for (const listener of [...listeners]) listener();
  };
  return {
    get: () => value,
    set,
    update: (change) => set(change(value)),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** The store's value; renders again when it changes. */
export function useStore<T>(store: Readable<T>): T {
  const [, render] = useReducer((count: number) => count + 1, 0);
  const value = store.get();
  useEffect(() => {
    // It may have changed between rendering and now.
    if (!Object.is(store.get(), value)) render(undefined);
    return store.subscribe(() => render(undefined));
  }, [store]);
  return value;
}

/** The array given before as long as it holds the same things, so that what depends on it is not done again. */
export function useSameArray<T>(next: readonly T[]): readonly T[] {
  const kept = useRef(next);
  const same = kept.current.length === next.length && kept.current.every((item, index) => item === next[index]);
  if (!same) kept.current = next;
  return kept.current;
}

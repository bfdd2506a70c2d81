import { useInsertionEffect, useRef, type RefObject } from 'react';

/** Holds the value of the latest render that was shown, for what is called later. */
export function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value);
  // Before every other effect, which may call it.
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}

/** What the page remembers on this device: the name last used and the theme. Never a code. */
type Key = 'name' | 'theme';

/** `undefined` also when storage is off, as in some private modes. */
export function recall(key: Key): string | undefined {
  try {
    return localStorage.getItem(`hushroom.${key}`) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(key: Key, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`hushroom.${key}`);
    else localStorage.setItem(`hushroom.${key}`, value);
  } catch {
    // Not remembering is all that can be done.
  }
}

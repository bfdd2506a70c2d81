import { createStore } from './store.ts';
import { recall, remember } from './storage.ts';

/** `system` follows the device. */
export type Theme = 'system' | 'light' | 'dark';

const stored = recall('theme');

/** The theme chosen on this device. `public/theme.js` has applied it before the first paint. */
export const theme = createStore<Theme>(stored === 'light' || stored === 'dark' ? stored : 'system');

export function chooseTheme(choice: Theme): void {
  const root = document.documentElement;
  if (choice === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = choice;
  remember('theme', choice === 'system' ? undefined : choice);
  theme.set(choice);
}

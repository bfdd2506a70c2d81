import type { ComponentChildren } from 'preact';

import { t } from '../strings.ts';
import { DeviceButton } from './device-dialog.tsx';
import { LockIcon } from './icons.tsx';
import { ThemeSwitch } from './theme-switch.tsx';
import { Wordmark } from './wordmark.tsx';

/** The frame of every page outside a room. */
export function PageFrame({ children }: { readonly children: ComponentChildren }) {
  return (
    <div class="page">
      <header class="page-head">
        <Wordmark />
        <div class="page-tools">
          <DeviceButton />
          <ThemeSwitch />
        </div>
      </header>
      <main class="page-main">{children}</main>
      <footer class="page-foot">
        <LockIcon />
        <p>{t.privacy.hush1}</p>
      </footer>
    </div>
  );
}

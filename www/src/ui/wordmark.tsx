import { t } from '../strings.ts';
import { Mark } from './icons.tsx';

/** The name with its mushroom. */
export function Wordmark() {
  return (
    <span class="wordmark">
      <Mark />
      <span class="wordmark-text">{t.brand}</span>
    </span>
  );
}

import type { RefObject, TargetedFocusEvent, TargetedKeyboardEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { scrollBehavior } from '../lib/browser.ts';
import type { Row } from '../room/layout.ts';

/** Moving through the rows by keyboard, and to one of them. */
export interface Rows {
  /** The id of the row that Tab reaches; its actions come after it. */
  readonly active: string | undefined;
  onKeyDown(event: TargetedKeyboardEvent<HTMLOListElement>): void;
  onFocus(event: TargetedFocusEvent<HTMLOListElement>): void;
  /** Scrolls to a row, points it out and gives it the focus. */
  jumpTo(id: string): void;
}

/** Rows that can be walked. */
const ROWS = '[data-row]';

/**
 * One tab stop for the whole conversation: arrow keys, Home and End walk the rows, and only the row one stands on has its
 * actions in the tab order.
 */
export function useRows(list: RefObject<HTMLOListElement | null>, rows: readonly Row[], showAll: () => void): Rows {
  const [chosen, setChosen] = useState<string>();
  const wanted = useRef<string>(undefined);
  const ids = rows.filter((row) => row.kind === 'message' || row.kind === 'file').map((row) => row.id);
  const active = chosen !== undefined && ids.includes(chosen) ? chosen : ids.at(-1);

  const elements = () => [...(list.current?.querySelectorAll<HTMLElement>(ROWS) ?? [])];
  const land = (id: string): boolean => {
    const element = elements().find((candidate) => candidate.dataset['row'] === id);
    if (element === undefined) return false;
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: 'center', behavior: scrollBehavior() });
    element.classList.remove('pointed-out');
    // Read, so that the animation starts anew.
    void element.offsetWidth;
    element.classList.add('pointed-out');
    return true;
  };
  useEffect(() => {
    if (wanted.current !== undefined && land(wanted.current)) wanted.current = undefined;
  }, [rows]);

  return {
    active,
    onKeyDown(event) {
      const all = elements();
      const here = all.findIndex((element) => element.contains(document.activeElement));
      const target = targetOf(event.key, here, all.length);
      if (here < 0 || target === undefined) return;
      event.preventDefault();
      all[target]?.focus();
    },
    onFocus(event) {
      const id = (event.target as HTMLElement).closest<HTMLElement>(ROWS)?.dataset['row'];
      if (id !== undefined) setChosen(id);
    },
    jumpTo(id) {
      if (land(id)) return;
      wanted.current = id;
      showAll();
    },
  };
}

function targetOf(key: string, here: number, count: number): number | undefined {
  if (key === 'ArrowUp') return Math.max(0, here - 1);
  if (key === 'ArrowDown') return Math.min(count - 1, here + 1);
  if (key === 'Home') return 0;
  return key === 'End' ? count - 1 : undefined;
}

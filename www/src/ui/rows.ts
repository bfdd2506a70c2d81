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
  onFocusOut(event: TargetedFocusEvent<HTMLOListElement>): void;
  /** Scrolls to a row, points it out and gives it the focus. */
  jumpTo(id: string): void;
}

/** Rows that can be walked. */
const ROWS = '[data-row]';

export interface RowsOptions {
  readonly list: RefObject<HTMLOListElement | null>;
  readonly rows: readonly Row[];
  /** Renders those that are not yet. */
  readonly showAll: () => void;
  /** The row with the focus is gone, and there is no other to give it to. */
  readonly onFocusLost: () => void;
}

/**
 * One tab stop for the whole conversation: arrow keys, Home and End walk the rows, and only the row one stands on has its
 * actions in the tab order.
 */
export function useRows({ list, rows, showAll, onFocusLost }: RowsOptions): Rows {
  const focused = useRef<string>(undefined);
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
  useEffect(() => {
    // A message that vanishes takes the focus with it, and the keyboard would start again at the top of the page.
    if (focused.current === undefined || ids.includes(focused.current)) return;
    focused.current = undefined;
    if (document.activeElement !== document.body) return;
    const next = elements().find((element) => element.dataset['row'] === active);
    if (next === undefined) onFocusLost();
    else next.focus({ preventScroll: true });
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
      focused.current = id;
      if (id !== undefined) setChosen(id);
    },
    onFocusOut({ target }) {
      // Some browsers tell of the focus that goes with an element, and some do not: only what stays has lost it.
      queueMicrotask(() => {
        const here = document.activeElement;
        const inside = here !== null && list.current?.contains(here) === true;
        if (!inside && target instanceof Node && target.isConnected) focused.current = undefined;
      });
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

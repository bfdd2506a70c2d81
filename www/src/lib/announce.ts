import { createStore } from './store.ts';

/** Between two announcements, so that a screen reader can finish one. */
const GAP_MS = 1500;

/** What the status region says. */
export const announcement = createStore('');

let next: string | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Tells screen readers; of several in a short time the last is told. */
export function announce(text: string): void {
  if (timer !== undefined) {
    next = text;
    return;
  }
  // Saying the same again needs a change in between.
  announcement.set(announcement.get() === text ? `${text}\u00a0` : text);
  timer = setTimeout(() => {
    timer = undefined;
    const waiting = next;
    next = undefined;
    if (waiting !== undefined) announce(waiting);
  }, GAP_MS);
}

/** Whole milliseconds of a clock that never goes back: the only time the room machine knows. */
export function now(): number {
  return Math.floor(performance.now());
}

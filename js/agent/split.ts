/** Window before a cut in which a boundary between visible characters is looked for, in UTF-16 units. */
const CLUSTER_WINDOW = 64;

/**
 * Cuts a text into parts of at most `max` UTF-16 units, none of them empty.
 *
 * A part ends at a blank line if there is one in its second half, else at a line's end, else at white space, else between two
 * visible characters, and never inside a code point. White space at a cut is left out, all other text is kept.
 *
 * @param max - At least 16.
 * @throws `RangeError` for a smaller `max`.
 */
export function splitText(text: string, max: number): string[] {
  if (!Number.isInteger(max) || max < 16) throw new RangeError('max must be a whole number from 16');
  const parts: string[] = [];
  let rest = text;
  while (rest.length > max) {
    const end = cutAt(rest, max);
    const part = rest.slice(0, end).trimEnd();
    if (part !== '') parts.push(part);
    // Indentation of the next line stays, blank lines go.
    rest = rest.slice(end).replace(/^(?:[^\S\n]*\n)+|^[^\S\n]+/, '');
  }
  if (rest.trim() !== '') parts.push(rest.trimEnd());
  return parts;
}

/** Where to cut `text`, which is longer than `max`: after how many units. */
function cutAt(text: string, max: number): number {
  // One more, so that a part may fill the limit when the text breaks right behind it.
  const window = text.slice(0, max + 1);
  const half = Math.floor(max / 2);
  for (const boundary of [/\n[^\S\n]*\n/g, /\n/g, /\s/g]) {
    let found = -1;
    for (const { index } of window.matchAll(boundary)) if (index >= half) found = index;
    if (found > 0) return found;
  }
  return clusterBefore(text, max);
}

/** The last place at or before `at` that is inside neither a code point nor, if that can be told, a visible character. */
function clusterBefore(text: string, at: number): number {
  const codePoint = isLowSurrogate(text, at) && isHighSurrogate(text, at - 1) ? at - 1 : at;
  let start = Math.max(0, at - CLUSTER_WINDOW);
  if (isLowSurrogate(text, start) && isHighSurrogate(text, start - 1)) start -= 1;
  const around = text.slice(start, at + CLUSTER_WINDOW);
  let found = 0;
  for (const { index } of new Intl.Segmenter().segment(around)) {
    if (start + index > at) break;
    found = start + index;
  }
  // A single cluster that fills the window is made up to do so.
  return found > start ? found : codePoint;
}

const isHighSurrogate = (text: string, index: number) => (text.charCodeAt(index) & 0xfc00) === 0xd800;
const isLowSurrogate = (text: string, index: number) => (text.charCodeAt(index) & 0xfc00) === 0xdc00;

/** A stretch of a message: plain text, or a link with its address. */
export type Segment = { readonly text: string; readonly href?: string };

const CANDIDATE = /\bhttps?:\/\/[^\s<>"']+/gi;

/** Cuts a text into plain stretches and http(s) links. What it returns, joined, is the text. */
export function linkify(text: string): readonly Segment[] {
  const segments: Segment[] = [];
  let end = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const shown = trimEnd(match[0]);
    const href = addressOf(shown);
    if (href === undefined) continue;
    if (match.index > end) segments.push({ text: text.slice(end, match.index) });
    segments.push({ text: shown, href });
    end = match.index + shown.length;
  }
  if (end < text.length) segments.push({ text: text.slice(end) });
  return segments;
}

/** Leaves the punctuation of the sentence, and a bracket that was opened before the link, out of it. */
function trimEnd(link: string): string {
  let shown = link.replace(/[.,;:!?]+$/, '');
  while (shown.endsWith(')') && count(shown, ')') > count(shown, '(')) shown = shown.slice(0, -1);
  return shown;
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

function addressOf(candidate: string): string | undefined {
  try {
    const url = new URL(candidate);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined;
  } catch {
    return undefined;
  }
}

import { sameDay } from '../lib/format.ts';
import type { FileItem, MessageItem, NoteItem, TimelineItem } from './timeline.ts';

/** Further apart than this, two messages of one member are two groups. */
const GROUP_MS = 4 * 60_000;

/** Where in a group of one member's rows a row stands. */
interface Grouped {
  readonly first: boolean;
  readonly last: boolean;
}

export type MessageRow = Grouped & { readonly kind: 'message'; readonly id: string; readonly item: MessageItem };
export type FileRow = Grouped & { readonly kind: 'file'; readonly id: string; readonly item: FileItem };
export type NoteRow = { readonly kind: 'note'; readonly id: string; readonly item: NoteItem };
export type DayRow = { readonly kind: 'day'; readonly id: string; readonly at: number };
export type Row = MessageRow | FileRow | NoteRow | DayRow;

/** The rows of a conversation: a line before each day, and who said several things in a row named once. */
export function layOut(items: readonly TimelineItem[]): readonly Row[] {
  const rows: Row[] = [];
  items.forEach((item, index) => {
    const before = items[index - 1];
    const after = items[index + 1];
    if (before === undefined || !sameDay(before.at, item.at))
      rows.push({ kind: 'day', id: `day-${item.id}`, at: item.at });
    const grouped = { first: !belongTogether(before, item), last: !belongTogether(item, after) };
    if (item.kind === 'message') rows.push({ kind: 'message', id: item.id, item, ...grouped });
    else if (item.kind === 'file') rows.push({ kind: 'file', id: item.id, item, ...grouped });
    else rows.push({ kind: 'note', id: item.id, item });
  });
  return rows;
}

function belongTogether(a: TimelineItem | undefined, b: TimelineItem | undefined): boolean {
  const author = authorOf(a);
  if (a === undefined || b === undefined || author === undefined || author !== authorOf(b)) return false;
  return Math.abs(b.at - a.at) < GROUP_MS && sameDay(a.at, b.at);
}

function authorOf(item: TimelineItem | undefined): string | undefined {
  if (item === undefined || item.kind === 'note') return undefined;
  return item.kind === 'message' ? item.message.from.id : item.from.id;
}

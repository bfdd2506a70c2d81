import type { FileOffer, IncomingTransfer, Member, Message, OutgoingTransfer, RoomSnapshot } from 'hushroom/room';

/** A message in the conversation. */
export interface MessageItem {
  readonly kind: 'message';
  readonly id: string;
  /** When it is shown as said, Unix milliseconds. */
  readonly at: number;
  readonly message: Message;
}

/** A file, from the offer to its end. */
export interface FileItem {
  readonly kind: 'file';
  readonly id: string;
  readonly at: number;
  readonly from: Member;
  readonly name: string;
  readonly mime: string;
  readonly size: number | undefined;
  /** Set if it is a voice message: its length as its sender says. */
  readonly voiceSeconds?: number;
  /** When it vanishes, Unix milliseconds: voice messages in rooms that forget. */
  readonly removedAt?: number;
  /** A small picture of it, as its sender made it. */
  readonly thumbnail?: Blob;
  /** While it waits for our answer. */
  readonly offer?: FileOffer;
  readonly transfer?: OutgoingTransfer | IncomingTransfer;
  /** How the offer ended, if not in a transfer. */
  readonly refused?: 'declined' | 'withdrawn';
}

/** Something that happened in the room. */
export interface NoteItem {
  readonly kind: 'note';
  readonly id: string;
  readonly at: number;
  readonly text: string;
}

export type TimelineItem = MessageItem | FileItem | NoteItem;

/** Older items are forgotten. */
const MOST_ITEMS = 2000;

/**
 * Brings the conversation up to date with the room: what is new goes to the end, what changed stays where it is, and a
 * message whose time was over goes. Items that did not change are the same objects as before.
 *
 * @param gone - Ids of files that are not shown any more.
 */
export function reconcile(
  items: readonly TimelineItem[],
  { messages, offers, transfers, members }: RoomSnapshot,
  now: number,
  gone: ReadonlySet<string>,
): readonly TimelineItem[] {
  const fresh = new Map<string, TimelineItem>();
  const known = new Map(items.map((item) => [item.id, item]));
  const put = (item: TimelineItem) => fresh.set(item.id, item);
  const fileNow = (id: string) => (fresh.get(id) ?? known.get(id)) as FileItem | undefined;

  for (const message of messages) {
    const item = known.get(message.id);
    if (item?.kind === 'message' && item.message === message) continue;
    put({ kind: 'message', id: message.id, at: message.receivedAt || message.sentAt, message });
  }
  const waiting = new Set(offers.map((offer) => offer.id));
  for (const offer of offers) {
    const before = fileNow(offer.id);
    if (before?.offer === offer) continue;
    const { id, from, name, mime, size, voiceSeconds, thumbnail } = offer;
    put({
      kind: 'file',
      ...{ id, at: before?.at ?? now, from, name, mime, size, offer },
      ...(voiceSeconds !== undefined && { voiceSeconds }),
      ...(thumbnail !== undefined && { thumbnail: before?.thumbnail ?? new Blob([thumbnail]) }),
    });
  }
  const self = members.find((member) => member.self);
  for (const transfer of transfers) {
    const before = fileNow(transfer.id);
    // An offer is open again when the place for the file could not be opened.
    if (before?.transfer === transfer || waiting.has(transfer.id) || gone.has(transfer.id)) continue;
    const from = transfer.direction === 'in' ? transfer.from : self;
    if (from === undefined) continue;
    const { id, name, mime, size, voiceSeconds } = transfer;
    put({
      kind: 'file',
      ...{ id, at: before?.at ?? now, from, name, mime, size, transfer },
      ...(voiceSeconds !== undefined && { voiceSeconds }),
      ...(before?.thumbnail !== undefined && { thumbnail: before.thumbnail }),
    });
  }
  for (const item of items) {
    if (item.kind !== 'file' || item.offer === undefined || waiting.has(item.id) || fresh.has(item.id)) continue;
    const { offer: _, ...rest } = item;
    put({ ...rest, refused: item.refused ?? 'withdrawn' });
  }

  const present = new Set(messages.map((message) => message.id));
  const remaining = items.filter((item) => !hasVanished(item, present));
  if (fresh.size === 0 && remaining.length === items.length) return items;
  const kept = remaining.map((item) => take(fresh, item.id) ?? item);
  return [...kept, ...fresh.values()].slice(-MOST_ITEMS);
}

/** Whether a message is gone from the room because its time was over, not because the room keeps only so many. */
function hasVanished(item: TimelineItem, present: ReadonlySet<string>): boolean {
  return item.kind === 'message' && item.message.removedAt !== undefined && !present.has(item.id);
}

/** The item of an offer that has just become a transfer. */
export function adopt(item: TimelineItem, transfer: IncomingTransfer): TimelineItem {
  if (item.kind !== 'file') return item;
  const { offer: _, refused: __, ...rest } = item;
  return { ...rest, transfer };
}

function take<K, V>(map: Map<K, V>, key: K): V | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}

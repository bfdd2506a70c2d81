import type { Message, Room } from '../room/types.js';

const WORD = /[\p{L}\p{N}_]/u;

/** Where `@name` stands in a text, as a word of its own and in any case; its end with it. */
function findMention(text: string, name: string): { readonly start: number; readonly end: number } | undefined {
  const needle = `@${name}`.toLowerCase();
  const lower = text.toLowerCase();
  // Lower-casing changes the length of a few letters: then places do not match, and a mention is only told, not cut off.
  const comparable = lower.length === text.length;
  for (let start = lower.indexOf(needle); start >= 0; start = lower.indexOf(needle, start + 1)) {
    const end = start + needle.length;
    const before = [...lower.slice(Math.max(0, start - 2), start)].at(-1) ?? '';
    const after = String.fromCodePoint(lower.codePointAt(end) ?? 0x20);
    if (!WORD.test(before) && !WORD.test(after)) return comparable ? { start, end } : { start: -1, end: -1 };
  }
  return undefined;
}

/** Whether a message is for us: it holds `@name`, or answers a message of ours. */
export function isMentioned(room: Room, message: Message): boolean {
  const { messages, members } = room.getSnapshot();
  const { replyTo, text } = message;
  if (replyTo !== undefined && messages.some(({ id, from }) => id === replyTo && from.self)) return true;
  const name = members.find((member) => member.self)?.name ?? '';
  return name !== '' && findMention(text, name) !== undefined;
}

/** The text without `@name`, and what sets it off, at its beginning. */
export function withoutMention(room: Room, text: string): string {
  const name = room.members.find((member) => member.self)?.name ?? '';
  const trimmed = text.trimStart();
  const found = name === '' ? undefined : findMention(trimmed, name);
  return found?.start === 0 ? trimmed.slice(found.end).replace(/^[\s,:;]+/, '') : text;
}

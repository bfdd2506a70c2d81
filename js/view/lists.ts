import { checkInteger } from '../check.js';
import type { Member, Message, RoomSnapshot } from '../room/types.js';

/** Gives the list it gave before as long as the next one has the same items. */
function stable<T>(): (next: readonly T[]) => readonly T[] {
  let last: readonly T[] = [];
  return (next) => {
    if (next.length !== last.length || next.some((item, index) => item !== last[index])) last = next;
    return last;
  };
}

/**
 * How to get the last `limit` messages of a snapshot, oldest first; all of them without a limit. The list is the same one
 * while nothing in it has changed.
 *
 * @throws `TypeError` and `RangeError` unless `limit` is a whole number of at least 0.
 */
export function lastMessages(limit: number | undefined): (snapshot: RoomSnapshot) => readonly Message[] {
  if (limit === undefined) return ({ messages }) => messages;
  checkInteger('limit', limit, Number.MAX_SAFE_INTEGER);
  const keep = stable<Message>();
  return ({ messages }) => keep(messages.slice(Math.max(0, messages.length - limit)));
}

/** How to get the other members who are typing. The list is the same one while nothing in it has changed. */
export function typingMembers(): (snapshot: RoomSnapshot) => readonly Member[] {
  const keep = stable<Member>();
  return ({ members, typing }) => keep(members.filter(({ id, self }) => !self && typing.includes(id)));
}

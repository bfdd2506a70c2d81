import type { FileOffer, IncomingTransfer, OutgoingTransfer } from './file-types.js';
import type { Member, Message, RoomSnapshot, RoomStatus } from './types.js';
import { TYPING_SHOWN_MS } from './typing.js';

const MAX_MESSAGES = 1000;
/** UTF-16 units of all texts together. */
const MAX_TEXT_LENGTH = 16 * 1024 * 1024;
const MAX_TRANSFERS = 200;
/** Members who have left, and may still be named by what they said before. */
const MAX_GONE = 200;

type ListName = 'members' | 'messages' | 'typing' | 'offers' | 'transfers';

/**
 * The visible state of a room. Every change makes a new snapshot, and lists in it that have not changed stay the same arrays;
 * listeners hear of it once per {@link Store.flush}.
 */
export interface Store {
  readonly self: Member;
  readonly snapshot: RoomSnapshot;
  subscribe(listener: () => void): () => void;
  /** Tells listeners, if anything has changed. */
  flush(): void;
  setStatus(status: RoomStatus): void;
  /** The room is entered, and these are its terms. */
  setOpen(expiresAt: number, ephemeralSeconds: number, hasPassword: boolean): void;
  /** When a message that arrives now is to be removed, if it is. */
  removal(): { removedAt?: number };
  /** A member or one who was; for an id that nobody knows, somebody without a name. */
  memberOrGone(id: string): Member;
  /** A member, or one who was. */
  find(id: string): Member | undefined;
  isHere(id: string): boolean;
  putMember(member: Member): void;
  /** As {@link putMember}, also in messages under the same key. */
  renewMember(member: Member): void;
  removeMember(id: string): Member | undefined;
  putMessage(message: Message): void;
  /** The message as it is then; nothing if it is not there any more. */
  changeMessage(id: string, change: Partial<Message> | ((before: Message) => Partial<Message>)): Message | undefined;
  removeMessage(id: string): void;
  react(messageId: string, emoji: string, memberId: string, add: boolean): void;
  setTyping(id: string, on: boolean): void;
  putOffer(offer: FileOffer): void;
  removeOffer(id: string): void;
  putTransfer(transfer: OutgoingTransfer | IncomingTransfer): void;
  /** Ends its timers. */
  dispose(): void;
}

export function createStore(self: Member): Store {
  let status: RoomStatus = 'connecting';
  let expiresAt = 0;
  let ephemeralSeconds = 0;
  let hasPassword = false;
  const members = new Map([[self.id, self]]);
  const gone = new Map<string, Member>();
  const messages = new Map<string, Message>();
  const typing = new Map<string, ReturnType<typeof setTimeout>>();
  const offers = new Map<string, FileOffer>();
  const transfers = new Map<string, OutgoingTransfer | IncomingTransfer>();
  const listeners = new Set<() => void>();
  const lists: { [Name in ListName]?: RoomSnapshot[Name] } = {};
  let snapshot: RoomSnapshot | undefined;
  let dirty = false;

  /** Something has changed, in these lists if there are any. */
  function changed(...names: ListName[]) {
    for (const name of names) delete lists[name];
    snapshot = undefined;
    dirty = true;
  }

  function flush() {
    if (!dirty) return;
    dirty = false;
    for (const listener of [...listeners]) listener();
  }

  function trim<T>(map: Map<string, T>, limit: number) {
    for (const oldest of map.keys()) {
      if (map.size <= limit) return;
      map.delete(oldest);
    }
  }

  /** A long text has as much weight as many short ones. */
  function trimTexts() {
    trim(messages, MAX_MESSAGES);
    let length = 0;
    for (const { text } of messages.values()) length += text.length;
    for (const [id, { text }] of messages) {
      if (length <= MAX_TEXT_LENGTH) return;
      messages.delete(id);
      length -= text.length;
    }
  }

  function setTyping(id: string, on: boolean) {
    clearTimeout(typing.get(id));
    const was = typing.delete(id);
    if (on) {
      const stop = () => {
        typing.delete(id);
        changed('typing');
        flush();
      };
      typing.set(id, setTimeout(stop, TYPING_SHOWN_MS));
    }
    if (was !== on) changed('typing');
  }

  const find = (id: string) => members.get(id) ?? gone.get(id);

  function putMember(member: Member) {
    members.set(member.id, member);
    changed('members');
  }

  return {
    self,
    get snapshot() {
      return (snapshot ??= {
        status,
        members: (lists.members ??= [...members.values()]),
        messages: (lists.messages ??= [...messages.values()]),
        typing: (lists.typing ??= [...typing.keys()]),
        offers: (lists.offers ??= [...offers.values()]),
        transfers: (lists.transfers ??= [...transfers.values()]),
        expiresAt,
        ephemeralSeconds,
        hasPassword,
      });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    flush,
    setStatus(next) {
      status = next;
      changed();
    },
    setOpen(...terms) {
      status = 'open';
      [expiresAt, ephemeralSeconds, hasPassword] = terms;
      changed();
    },
    removal: () => (ephemeralSeconds > 0 ? { removedAt: Date.now() + ephemeralSeconds * 1000 } : {}),
    memberOrGone: (id) => find(id) ?? { id, name: '', self: false, deviceKey: '', presence: 'away', verified: false, keyChanged: false },
    find,
    isHere: (id) => members.has(id),
    putMember,
    renewMember(member) {
      putMember(member);
      for (const message of messages.values()) {
        if (message.from.id !== member.id || message.from.deviceKey !== member.deviceKey) continue;
        messages.set(message.id, { ...message, from: member });
        changed('messages');
      }
    },
    removeMember(id) {
      const member = members.get(id);
      members.delete(id);
      if (member !== undefined) gone.set(id, member);
      trim(gone, MAX_GONE);
      setTyping(id, false);
      changed('members');
      return member;
    },
    putMessage(message) {
      messages.set(message.id, message);
      trimTexts();
      changed('messages');
    },
    changeMessage(id, change) {
      const message = messages.get(id);
      if (message === undefined) return undefined;
      const next = { ...message, ...(typeof change === 'function' ? change(message) : change) };
      messages.set(id, next);
      changed('messages');
      return next;
    },
    removeMessage(id) {
      if (messages.delete(id)) changed('messages');
    },
    react(messageId, emoji, memberId, add) {
      const message = messages.get(messageId);
      if (message === undefined) return;
      const others = (message.reactions[emoji] ?? []).filter((id) => id !== memberId);
      const now = add ? [...others, memberId] : others;
      const { [emoji]: _, ...rest } = message.reactions;
      messages.set(messageId, { ...message, reactions: now.length > 0 ? { ...rest, [emoji]: now } : rest });
      changed('messages');
    },
    setTyping,
    putOffer(offer) {
      offers.set(offer.id, offer);
      changed('offers');
    },
    removeOffer(id) {
      if (offers.delete(id)) changed('offers');
    },
    putTransfer(transfer) {
      transfers.set(transfer.id, transfer);
      trim(transfers, MAX_TRANSFERS);
      changed('transfers');
    },
    dispose() {
      for (const timer of typing.values()) clearTimeout(timer);
      typing.clear();
    },
  };
}

import type { Identity, RoomSafetyNumber, SafetyNumber } from '../identity/types.js';
import type { HushError, HushErrorCode, Protocol } from '../types.js';
import type { FileOffer, FileSource, IncomingTransfer, OutgoingTransfer, SendFileOptions } from './file-types.js';

/** The constructor of a WebSocket, for platforms without a global one. */
export type WebSocketConstructor = new (url: string, protocols?: string | string[]) => WebSocket;

/** Options that `createRoom` and `joinRoom` share. */
export interface ConnectOptions {
  /** The relay's address: `wss://host/ws` (or `ws:`; `http:` and `https:` addresses are rewritten). */
  readonly relay: string | URL;
  /**
   * The name others see, 1 to 64 bytes of UTF-8 once control characters are removed; in an Arthas room at most 20 characters
   * (code points) as well.
   */
  readonly name: string;
  /**
   * Who we are, and whom we know: from `openIdentity`. Default: a new one, in memory and for this room only, so that others do not recognise
   * us when we come again.
   */
  readonly identity?: Identity;
  /** Ends the attempt to connect, and later the room, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Default: the global `WebSocket`, in Node 20 that of the `ws` package. */
  readonly WebSocket?: WebSocketConstructor;
  /** Most events waiting in one `room.events()` before the oldest minor ones are dropped. Default 1024. */
  readonly inboxSize?: number;
}

/** Options of `createRoom`. */
export interface CreateRoomOptions extends ConnectOptions {
  /** Default `'hush1'`. `'arthas'` makes a room that Arthas' own clients can join, with all of its limits. */
  readonly protocol?: Protocol;
  /**
   * 2 to 50. Default 50. Native rooms only: `UNSUPPORTED` in Arthas rooms, which always take 50.
   *
   * 2 makes a room for two: its code lets one more device in, once. After that it is dead, for as long as the room lives, whoever is away or has
   * left; both members' clients refuse a third even if the relay lets one in. A device comes back by itself after lost connections and
   * relay restarts, and after a reload with the same identity. Without one a reload is another device: `INVITATION_USED`.
   */
  readonly maxMembers?: number;
  /**
   * Seconds after which each message is removed at every member, counted from when it arrived; up to 604,800. Default 0: they
   * stay. A courtesy among the members' programs: nobody can be made to forget.
   */
  readonly ephemeralSeconds?: number;
  /**
   * Asked of everybody who joins, on top of the share code; 1 to 1,024 bytes of UTF-8. Arthas rooms only: `UNSUPPORTED` in native
   * ones. It keeps people out, and makes no key: the relay gets its SHA-256, from which a weak one can be guessed.
   */
  readonly password?: string;
  /** Seconds until the relay ends the room, up to 604,800 (7 days). Default: as long as somebody is in it. */
  readonly expirySeconds?: number;
}

/** Options of `joinRoom`. */
export interface JoinRoomOptions extends ConnectOptions {
  /** A share code, or a whole link that holds one. It says which protocol the room speaks. */
  readonly code: string;
  /** The room's password, if it has one. Arthas rooms only: `UNSUPPORTED` in native ones. */
  readonly password?: string;
}

/** `reconnecting`: the connection was lost and comes back by itself. `closed` is final; see {@link Room.closeReason}. */
export type RoomStatus = 'connecting' | 'open' | 'reconnecting' | 'closed';

/** Somebody in the room. */
export interface Member {
  /**
   * Stable for as long as that member's device keeps the room open, over reconnects and relay restarts. In an Arthas room
   * another member who reconnects comes back under another id; our own stays.
   */
  readonly id: string;
  /** As that member chose it, cleaned of control and direction characters. Not unique. */
  readonly name: string;
  /** Whether this is us. */
  readonly self: boolean;
  /**
   * The device's public Ed25519 key, base64url: who holds its secret half is who signs this member's posts. Empty in an Arthas
   * room until the member has announced one, which not every client does; see the event `member-key`.
   */
  readonly deviceKey: string;
  /** Whether we have compared safety numbers with the holder of this key: {@link Room.verify}. Ours: true. */
  readonly verified: boolean;
  /**
   * Whether another key was accepted for this name in this room before, and nobody has acknowledged this one yet: it may be somebody
   * else, or the same person on another device. {@link Room.acknowledgeKey} accepts it, and so does {@link Room.verify}.
   */
  readonly keyChanged: boolean;
  /** `'away'`: its connection is lost and may come back. */
  readonly presence: 'here' | 'away';
}

/**
 * Whether a message is signed by whom it names. `verified`: it is. `key-changed`: it is signed, by a key that has taken another's place for
 * that name ({@link Member.keyChanged}); `verified` once that is acknowledged. `unknown`: signed, and the sender's key has not come yet, or
 * the sender has announced another one since. The
 * event `message-changed` tells of both. `failed`: the signature is wrong. `unsigned`: there is none, so anybody who has the
 * share code and the relay's help could have written it. In native rooms only the first two occur: all else is refused.
 */
export type Verification = 'verified' | 'key-changed' | 'unknown' | 'failed' | 'unsigned';

/** What a message says of the one it answers. As its sender wrote it: not checked against what was really said. */
export interface Quote {
  /** What the sender of that message is called. */
  readonly senderName: string;
  /** The beginning of the text. */
  readonly preview: string;
}

/** A message, ours or another's. */
export interface Message {
  /** The same string for every member; in an Arthas room each has its own. */
  readonly id: string;
  /** Who wrote it, as that member is now. */
  readonly from: Member;
  /** As it was written: show it as text, never as HTML. */
  readonly text: string;
  /** The id of the message this one answers. */
  readonly replyTo?: string;
  /** The answered message in short. Arthas rooms only: there a reply may answer something from before we came. */
  readonly quote?: Quote;
  /** Whether it is signed by whom it names. */
  readonly verification: Verification;
  /** The sender's clock, Unix milliseconds. In an Arthas room that of the relay, since members do not say theirs. */
  readonly sentAt: number;
  /** The relay's clock when it took the message, Unix milliseconds; 0 until then. */
  readonly receivedAt: number;
  /** Ours: whether the relay has taken it. Others': always true. */
  readonly accepted: boolean;
  /** Ours: why the relay has refused it, for good. */
  readonly rejected?: HushErrorCode;
  /** When it will be removed, by our clock, Unix milliseconds. Only where messages do not stay, and of ours once accepted. */
  readonly removedAt?: number;
  /** Emoji to the ids of the members who reacted with it. */
  readonly reactions: Readonly<Record<string, readonly string[]>>;
}

/** One of the seven pictures of a comparison. */
export interface Picture {
  readonly emoji: string;
  /** In English. */
  readonly name: string;
}

/**
 * `requested`: the other side has asked, and waits for {@link Comparison.accept}. `waiting`: for the other side. `pictures`: both see
 * seven pictures now, and must say whether they are the same. `confirmed`: we have; the other side has not. `verified`: the other device is
 * the one whose key we have. `failed`: see {@link Comparison.reason}.
 */
export type ComparisonState = 'requested' | 'waiting' | 'pictures' | 'confirmed' | 'verified' | 'failed';

/**
 * `cancelled`: by either side, by another attempt, or after 10 minutes. `mismatch`: somebody saw other pictures. `commitment`, `code`: what came was not
 * from whom it should be: somebody stands between, or the other client is broken. `unexpected`: a message that does not belong there.
 * `left`: the member is gone.
 */
export type ComparisonFailure = 'cancelled' | 'mismatch' | 'commitment' | 'code' | 'unexpected' | 'left';

/**
 * A live comparison with a member: both look at seven pictures, on a call or side by side, and say whether they are the same. It shows that no
 * one stands between. Each change comes as an event with a new object; all of one comparison share the methods and `done`.
 */
export interface Comparison {
  /** With whom. */
  readonly member: Member;
  /** Where it stands. */
  readonly state: ComparisonState;
  /** The seven pictures, while they are compared. */
  readonly pictures?: readonly Picture[];
  /** The same as three numbers of four digits, for who cannot see them. */
  readonly decimals?: readonly number[];
  /** Why it has failed. */
  readonly reason?: ComparisonFailure;
  /** Agrees to compare. @throws `INVALID_STATE` unless the member has asked, `UNKNOWN_MEMBER`, `CLOSED`. */
  accept(): void;
  /** Says whether the pictures are the same. Once. @throws `INVALID_STATE` unless there are pictures, `UNKNOWN_MEMBER`, `CLOSED`. */
  confirm(same: boolean): void;
  /** Gives up, or declines. Nothing happens once it is over. */
  cancel(): void;
  /** Resolves at its end: whether the member's device is verified now. Never rejects. */
  readonly done: Promise<boolean>;
}

/**
 * Everything that happens in a room, by `type`:
 *
 * - `status`: the connection was lost or is back, or the room is closed, with the `reason` if it was not by us.
 * - `member-joined`, `member-left`: somebody comes, or goes for good. `member-presence`: its connection is lost, or is back.
 * - `member-key`: in an Arthas room a member has announced its key or, with `changed`, another one than before.
 * - `key-changed`: somebody has come with another key than the one accepted for that name here. Show it.
 * - `member-trust`: `verified` or `keyChanged` of a member is different.
 * - `message`: somebody has written, or we have (`fromSelf`). `message-changed`: its `verification`, or, of ours, that it was `rejected`.
 *   `message-expired`: its time is over.
 * - `reaction`: an emoji was added to a message, or removed. `typing`: somebody has begun or stopped to type.
 * - `file-offer`: somebody offers a file: accept or decline it. `file-withdrawn`: it is not to be had any more.
 * - `transfer`: a transfer has begun, has got on (told at most ten times a second), or is over.
 * - `expiry`: when the room ends, Unix seconds.
 * - `comparison`: a live comparison has begun or has moved on.
 * - `error`: something was refused or lost, and the room goes on.
 */
export type RoomEvent =
  | { readonly type: 'status'; readonly status: RoomStatus; readonly reason?: HushError }
  | { readonly type: 'member-joined'; readonly member: Member }
  | { readonly type: 'member-left'; readonly member: Member }
  | { readonly type: 'member-presence'; readonly member: Member }
  /** Arthas rooms: a member has announced its key or, with `changed`, another one than before: it may be somebody else. */
  | { readonly type: 'member-key'; readonly member: Member; readonly changed: boolean }
  /**
   * Somebody has come under a name for which `previousKey` was accepted in this room, with another key. Show it: messages of that member
   * are `key-changed` until {@link Room.acknowledgeKey} or {@link Room.verify}.
   */
  | { readonly type: 'key-changed'; readonly member: Member; readonly previousKey: string }
  /** `verified` or `keyChanged` of a member who is here is different, by us here or elsewhere. */
  | { readonly type: 'member-trust'; readonly member: Member }
  | { readonly type: 'message'; readonly message: Message; readonly fromSelf: boolean }
  /** What is known of a message has changed: its `verification` or, of ours, that it was `rejected`. */
  | { readonly type: 'message-changed'; readonly message: Message }
  /** A message's time is over: it is gone from the snapshot. */
  | { readonly type: 'message-expired'; readonly messageId: string }
  | { readonly type: 'reaction'; readonly messageId: string; readonly emoji: string; readonly action: 'add' | 'remove'; readonly from: Member }
  | { readonly type: 'typing'; readonly from: Member; readonly typing: boolean }
  | { readonly type: 'file-offer'; readonly offer: FileOffer }
  | { readonly type: 'file-withdrawn'; readonly offerId: string; readonly from: Member }
  | { readonly type: 'transfer'; readonly transfer: OutgoingTransfer | IncomingTransfer }
  | { readonly type: 'expiry'; readonly expiresAt: number }
  /** A live comparison has begun, by another's wish or ours, or has moved on. */
  | { readonly type: 'comparison'; readonly comparison: Comparison }
  /** Something was refused or lost, and the room goes on. */
  | { readonly type: 'error'; readonly error: HushError; readonly from?: Member };

/**
 * The state of a room. A new object after every change, the same one in between: fit for `useSyncExternalStore`. So are its lists, each of
 * them: what somebody types is no change of `messages`. `transfers` is a new list with every progress.
 */
export interface RoomSnapshot {
  /** Whether the room is connected. */
  readonly status: RoomStatus;
  /** Everybody here, us included. */
  readonly members: readonly Member[];
  /** The last 1,000 messages and 16 Mi characters (UTF-16 units), oldest first. */
  readonly messages: readonly Message[];
  /** Ids of the members who are typing now. */
  readonly typing: readonly string[];
  /** Offers that wait for an answer. */
  readonly offers: readonly FileOffer[];
  /** Files on their way in both directions, and those that were. */
  readonly transfers: readonly (OutgoingTransfer | IncomingTransfer)[];
  /** Unix seconds at which the room ends; 0 never. */
  readonly expiresAt: number;
  /** Seconds after which each message is removed; 0 if they stay. */
  readonly ephemeralSeconds: number;
  /** Whether the room asks for a password. */
  readonly hasPassword: boolean;
}

/** A room. Made by `createRoom` or `joinRoom`; reconnects by itself until closed. */
export interface Room {
  /** The share code. It holds the key, and never the password. */
  readonly code: string;
  /** Which protocol the room speaks. What it cannot do ends in `UNSUPPORTED`, before anything is sent. */
  readonly protocol: Protocol;
  /** Whether it is connected. The events `status` tell of changes. */
  readonly status: RoomStatus;
  /** Why the room is closed, if it was not by {@link close}. */
  readonly closeReason: HushError | undefined;
  /** Most members: 2 in a room for two, whatever the relay says; in others what the relay says, 0 until then. */
  readonly maxMembers: number;
  /** Everybody here, us included. */
  readonly members: readonly Member[];
  /** Our own id. */
  readonly selfId: string;
  /** What there is to show now. The same object until something changes. */
  getSnapshot(): RoomSnapshot;
  /** Calls `listener` after each change of the snapshot; returns how to stop it. */
  subscribe(listener: () => void): () => void;
  /** Events from now on. When too many wait, typing and presence are dropped first, then the iteration fails with `MESSAGES_LOST`. */
  events(options?: { readonly signal?: AbortSignal }): AsyncIterable<RoomEvent>;
  /**
   * Sends a text of at most 1,048,576 bytes (1 MiB) of UTF-8. Resolves when the relay has taken all of it; while the connection is lost it
   * waits and goes out afterwards. More than 60,000 bytes go in parts, five of them a second; others see the text once all are there, or
   * `MESSAGES_LOST`.
   *
   * In an Arthas room 60,000 bytes are the limit, texts of at most 4,000 characters are understood by every client, and ten posts in ten seconds go out: the
   * others wait their turn.
   *
   * @throws `TEXT_TOO_LONG`, `INVALID_ARGUMENT` for an empty text or a `replyTo` that is no message's id, `RATE_LIMITED` when
   * too many wait, `CLOSED`.
   */
  send(text: string, options?: { readonly replyTo?: string; readonly signal?: AbortSignal }): Promise<Message>;
  /** Tells others that we are typing. Call on every key press: at most one post in 5 seconds goes out (3 in Arthas rooms). */
  typing(typing?: boolean): void;
  /** Adds or removes a reaction of ours: one emoji of at most 32 bytes. Resolves when the relay has taken it. */
  react(messageId: string, emoji: string, action?: 'add' | 'remove'): Promise<void>;
  /**
   * Offers a file. Nothing is read before somebody accepts. At most 16 of our transfers at once.
   *
   * In an Arthas room it is sent at once to everybody, at most 5,242,880 bytes (5 MiB), one after the other. A source of unknown
   * size is read to its end first, into memory.
   *
   * @throws `TOO_LARGE`, `TRANSFER_LIMIT`, `INVALID_STATE` when nobody else is here, `UNKNOWN_MEMBER`, `SOURCE_FAILED` for a path that
   * leads nowhere, `UNSUPPORTED`, `CLOSED`; `TypeError` and `RangeError` for `voiceSeconds` of another type or range.
   */
  sendFile(source: FileSource, options?: SendFileOptions): OutgoingTransfer;
  /**
   * Asks a member to compare pictures, or agrees if that member has asked. A comparison with it that is under way is given up. At its
   * good end the member's device is verified.
   *
   * @throws `UNKNOWN_MEMBER`, `INVALID_STATE` when too much waits for the relay, `CLOSED`; `UNSUPPORTED` in Arthas rooms.
   */
  compare(memberId: string): Comparison;
  /**
   * The number to compare with that member, by another way than this room. It belongs to the two device keys and is the same in every
   * room. Takes about 25 ms.
   *
   * @throws `UNKNOWN_MEMBER`; `INVALID_ARGUMENT` for ourselves; `INVALID_STATE` while the member's key has not come (Arthas rooms only); `CLOSED`.
   */
  safetyNumber(memberId: string): SafetyNumber;
  /**
   * The number of the whole room: the same for all who see the same members. It is another one when somebody comes or leaves for good.
   *
   * @throws `INVALID_STATE` while the key of a member has not come (Arthas rooms only).
   */
  safetyNumber(): RoomSafetyNumber;
  /**
   * Marks the key of a member as compared, or takes that back; with the mark its key is accepted for its name. Resolves once that is kept.
   *
   * @throws What {@link safetyNumber} throws; `STORE_FAILED`: nothing has changed.
   */
  verify(memberId: string, verified?: boolean): Promise<void>;
  /**
   * Accepts the key that a member has now, in the place of the one before. What it said counts as `verified` from then on. Resolves once that
   * is kept.
   *
   * @throws As {@link verify}.
   */
  acknowledgeKey(memberId: string): Promise<void>;
  /** Leaves, wipes the keys and ends all transfers; resolves when whom we met is kept, too. May be called twice. */
  close(): Promise<void>;
}

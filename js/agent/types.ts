import type { HushError } from '../types.js';
import type { FileOffer, OutgoingTransfer } from '../room/file-types.js';
import type { CreateRoomOptions, JoinRoomOptions, Member, Message, Room } from '../room/types.js';

/** A text, whole or as it comes: what a model streams, for instance. */
export type Answer = string | AsyncIterable<string>;

/** A file that was received and lies on disk, whole and verified. */
export interface Attachment {
  /** As its sender named it, cleaned. */
  readonly name: string;
  /** A MIME type, by its sender's word. */
  readonly mime: string;
  /** In bytes. */
  readonly size: number;
  /** Where it is: below the folder of {@link FileRules}. Nothing removes it; that is up to you. */
  readonly path: string;
  /** Set if it is a voice message: its length in whole seconds. */
  readonly voiceSeconds?: number;
}

/** What an agent has to do with files. */
export interface FileRules {
  /** Received files are written below this folder, which is made if need be, under safe names that are not taken yet. */
  readonly folder: string;
  /** Largest file that is received, in bytes; a larger one is declined. Default 26,214,400 (25 MiB). */
  readonly maxBytes?: number;
  /** Most bytes received in all, while this reader listens; what goes beyond is declined. Default 1 GiB. */
  readonly maxTotalBytes?: number;
  /** Most files received in all; what goes beyond is declined. Default 10,000. */
  readonly maxFiles?: number;
  /** Whether to receive this file. Asked after the limits were checked. Default: all. */
  readonly accept?: (offer: FileOffer) => boolean;
}

/** Which messages an agent hears, and what becomes of files. */
export interface ListenOptions {
  /**
   * Who is heard. Messages with a wrong signature never are, and are reported as `BAD_SIGNATURE`. A list holds device keys ({@link Member.deviceKey}): those are proven, while names are anybody's. In an Arthas
   * room such a list admits only messages whose signature is verified, and no files, which nobody signs there. Default: everybody.
   */
  readonly allow?: readonly string[] | ((member: Member) => boolean);
  /** Only messages that mention us (`@name`, in any case) or answer one of ours. Files, which have no text, are then declined. Default false. */
  readonly mentionOnly?: boolean;
  /** Receive files. Default: offers are left alone, for whoever else reads `room.events()`. */
  readonly files?: FileRules;
  /**
   * Most messages waiting to be read. One that finds no place is dropped and reported as `MESSAGES_LOST`: an agent that is flooded
   * goes on. Default 256.
   */
  readonly inboxSize?: number;
  /** Ends the listening. The room stays open. */
  readonly signal?: AbortSignal;
  /** What went wrong and did not end anything: a lost message, a file that did not arrive, a handler that threw. Default: `console.error`. */
  readonly onError?: (error: unknown, message?: AgentMessage) => void;
}

/** Options of {@link AgentMessage.reply}. */
export interface ReplyOptions extends SayOptions {
  /** Whether the first part points at the message. Default true. */
  readonly quote?: boolean;
}

/** Options of `say`. */
export interface SayOptions {
  /** Most UTF-16 units of one message. Default, and at most: what the protocol takes (20,000 in native rooms, 4,000 in Arthas rooms). */
  readonly maxLength?: number;
  /**
   * Streamed answers: milliseconds for which text is collected before its whole paragraphs are sent. Neither protocol can edit a
   * message, so a stream becomes a few messages. Default 2,000; twice to five times as long where paragraphs are long.
   */
  readonly flushMs?: number;
  /** Ends the answer: what has not gone out does not. */
  readonly signal?: AbortSignal;
}

/** A message to the agent, or a file, or both. */
export interface AgentMessage {
  /** The id of the message or of the offer. */
  readonly id: string;
  /** The room it came in. */
  readonly room: Room;
  /** Who wrote it, or sent the file. */
  readonly from: Member;
  /** As written; empty for a file. */
  readonly text: string;
  /** The text without a mention of us at its beginning. */
  readonly body: string;
  /** Whether it mentions us or answers a message of ours. */
  readonly mentioned: boolean;
  /** The file, if it is one and {@link ListenOptions.files} is set. */
  readonly attachments: readonly Attachment[];
  /** The room's message; `undefined` for a file. */
  readonly message: Message | undefined;
  /**
   * Answers, in as many messages as it takes. Long texts are split at paragraphs, lines or spaces. Parts of several answers take
   * turns, and never go out faster than the relay takes them.
   *
   * @throws `CLOSED`, `RATE_LIMITED` when the relay still refuses after a minute; the signal's reason; what the stream throws.
   */
  reply(answer: Answer, options?: ReplyOptions): Promise<readonly Message[]>;
  /** Reacts with one emoji. Nothing happens for a file, which cannot be reacted to. */
  react(emoji: string): Promise<void>;
}

/** What a handler gets besides the message. */
export interface HandlerContext {
  /** Aborts when the agent stops, or the handler's time is over. */
  readonly signal: AbortSignal;
}

/** Answers a message; what it returns, if it is text, is the reply. */
export type Handler = (message: AgentMessage, context: HandlerContext) => HandlerResult | Promise<HandlerResult>;

/** `void`, `undefined`, `null` and `false` are no reply. */
export type HandlerResult = Answer | undefined | null | false | void;

/** Options of `onMessage`. */
export interface OnMessageOptions extends ListenOptions, Pick<ReplyOptions, 'maxLength' | 'flushMs' | 'quote'> {
  /** Handlers that run at once. Messages of one sender are never handled at the same time, and always in order. Default 4. */
  readonly concurrency?: number;
  /** Whether others see us typing while a handler works. Default true. */
  readonly typing?: boolean;
  /** Milliseconds after which a handler is given up and reported as a `TimeoutError`. Default: never. */
  readonly timeoutMs?: number;
}

/** A running `onMessage`. */
export interface Listening {
  /** Resolves once nothing is heard any more and the handlers that ran are done. Never rejects. */
  readonly done: Promise<void>;
  /** Stops hearing, aborts the handlers' signals and waits for them. May be called twice. */
  stop(): Promise<void>;
}

/** Options of `sendFileFrom`. */
export interface SendFileFromOptions {
  /** The folder below which files may be sent. */
  readonly folder: string;
  /** The file's name for others. Default: the last part of the path. */
  readonly name?: string;
  /** Default `application/octet-stream`. */
  readonly mime?: string;
  /** Largest file that is sent, in bytes. Default: no limit but the protocol's. */
  readonly maxBytes?: number;
  /** Cancels the transfer. */
  readonly signal?: AbortSignal;
}

/** How often and how fast an agent comes back. */
export interface RetryOptions {
  /** Attempts in a row before it gives up. Default: no end. */
  readonly attempts?: number;
  /** Milliseconds before the first attempt; doubled for each further one. Default 1,000. */
  readonly firstMs?: number;
  /** Longest wait in milliseconds. Default 30,000. Each wait varies by a fifth. */
  readonly maxMs?: number;
  /** Whether the very first attempt is repeated too, rather than failing `connectAgent`. Default false. */
  readonly initial?: boolean;
}

/** Options of `connectAgent`: those of `joinRoom`. */
export interface ConnectAgentOptions extends Omit<JoinRoomOptions, 'code'> {
  /** The room's share code or link. Without one the agent makes a room; see {@link create}. */
  readonly code?: string;
  /** How to make the room, if there is no code. */
  readonly create?: Pick<CreateRoomOptions, 'protocol' | 'maxMembers' | 'ephemeralSeconds' | 'expirySeconds'>;
  /** How often and how fast to come back. Default: without end, after 1 to 30 seconds. */
  readonly retry?: RetryOptions;
}

/** `reconnecting`: the connection, or the room, was lost and the agent is on its way back. `closed` is final. */
export type AgentStatus = 'connecting' | 'connected' | 'reconnecting' | 'closed';

/** An agent in a room that it comes back to. */
export interface Agent {
  /** The room it is in now, or was in last: a new object after it had to join again. */
  readonly room: Room;
  /** The room's share code. */
  readonly code: string;
  /** Whether it is in its room. */
  readonly status: AgentStatus;
  /** Resolves when the agent is closed: with the reason, or `undefined` after {@link close}. */
  readonly closed: Promise<HushError | undefined>;
  /** Calls `listener` on each change; returns how to stop it. */
  onStatus(listener: (status: AgentStatus, reason?: HushError) => void): () => void;
  /** As `onMessage`, in this room and in each one the agent joins after it. */
  onMessage(handler: Handler, options?: OnMessageOptions): Listening;
  /** As `messages`, over all of them. */
  messages(options?: ListenOptions): AsyncIterable<AgentMessage>;
  /** As `say`, in the room of the moment. */
  say(answer: Answer, options?: SayOptions): Promise<readonly Message[]>;
  /** As `sendFileFrom`, in the room of the moment. */
  sendFileFrom(path: string, options: SendFileFromOptions): Promise<OutgoingTransfer>;
  /** Leaves and does not come back. May be called twice. */
  close(): Promise<void>;
}

import type { Bytes, RandomAccessSource, StreamSource } from '../types.js';
import type { Member } from './types.js';

/** A file somebody offers us. */
export interface FileOffer {
  /** The same string for every member; in an Arthas room each has its own. */
  readonly id: string;
  /** Who offers it. */
  readonly from: Member;
  /** Cleaned of paths, control and direction characters: safe as a file name. */
  readonly name: string;
  /** A MIME type, `application/octet-stream` if the sender gave none. */
  readonly mime: string;
  /** In bytes; `undefined` when the sender streams something of unknown length. */
  readonly size: number | undefined;
  /** Set if it is a voice message: its length as the sender says, in whole seconds, at least 1. */
  readonly voiceSeconds?: number;
  /** A small picture of it, JPEG, PNG, GIF or WebP by its sender's word, of at most 64 KiB. Arthas rooms only. Not checked. */
  readonly thumbnail?: Bytes;
  /**
   * Takes the file. May be called once.
   *
   * In an Arthas room files come without being asked for: the bytes are kept in memory, 5 files of 5 MiB at most, until this or
   * {@link decline} is called.
   *
   * Without a sink the platform's best is chosen: the save picker (call from a click), else OPFS, else a Blob of at
   * most 256 MiB. In Node give a path or a Writable.
   *
   * @throws `INVALID_STATE` when the offer was answered or withdrawn; `SINK_TOO_LARGE` or `UNSUPPORTED` when no sink fits.
   */
  accept(sink?: SinkTarget, options?: { readonly signal?: AbortSignal }): IncomingTransfer;
  /** Refuses the file. The sender is told, except in Arthas rooms, which have no way to. */
  decline(): void;
}

/** Where received bytes go: a sink, a stream of the web or of Node, or a path (a string, Node only). */
export type SinkTarget =
  | FileSink
  | WritableStream<Uint8Array>
  | NodeWritable
  | string;

/** What we need of a Node `Writable`. */
export interface NodeWritable {
  /** Calls back once the chunk is dealt with; the next one goes out then. */
  write(chunk: Uint8Array, callback: (error?: Error | null) => void): boolean;
  /** Calls back once everything is written: the file is whole. */
  end(callback: () => void): unknown;
  /** Called when the transfer has failed. */
  destroy(error?: Error): unknown;
  /** An error of the stream fails the transfer. */
  once(event: 'error', listener: (error: Error) => void): unknown;
}

/** A place for one file. */
export interface FileSink {
  /** What it is: a file the user has picked, the private file system, memory, a stream, or a file in Node. */
  readonly kind: 'picker' | 'opfs' | 'blob' | 'stream' | 'node';
  /** Takes the next bytes. It is awaited, so a slow sink slows the sender and memory stays flat. */
  write(chunk: Uint8Array): Promise<void>;
  /** All bytes are there and verified. */
  close(): Promise<void>;
  /** The transfer failed. What was written may be removed. */
  abort(reason: unknown): Promise<void>;
  /** The file once closed, where the sink can give it back (`opfs`, `blob`). */
  file?(): Promise<File | Blob>;
}

/** `waiting`: nobody has accepted yet, or no byte has come. `paused`: the connection is lost and comes back by itself. */
export type TransferState = 'waiting' | 'running' | 'paused' | 'done' | 'failed' | 'cancelled' | 'declined';

/** How far a transfer is. */
export interface TransferProgress {
  /** Where it stands. */
  readonly state: TransferState;
  /** Bytes of the file that have reached the sink. For the sender: of the slowest receiver that is not stalled. */
  readonly bytes: number;
  /** The file's size in bytes; `undefined` while it is not known. */
  readonly total: number | undefined;
  /** Bytes per second over the last seconds, 0 while nothing moves. */
  readonly rate: number;
  /** Seconds left at this rate, if that can be told. */
  readonly secondsLeft: number | undefined;
  /** Sending only: each receiver. */
  readonly receivers?: readonly ReceiverProgress[];
}

/** How far one receiver of a file is. */
export interface ReceiverProgress {
  /** The member's id. */
  readonly member: string;
  /** `offered`: it has not answered. `stalled`: it takes nothing at the moment, and the others do not wait for it. */
  readonly state: 'offered' | 'running' | 'stalled' | 'done' | 'declined' | 'failed' | 'left';
  /** Bytes of the file that it has. */
  readonly bytes: number;
}

/** What both directions of a transfer share. */
export interface Transfer {
  /** The same string for every member; in an Arthas room each has its own. */
  readonly id: string;
  /** The file's name. */
  readonly name: string;
  /** Its MIME type. */
  readonly mime: string;
  /** In bytes; `undefined` for a stream of unknown length. */
  readonly size: number | undefined;
  /** Set if it is a voice message: its length in whole seconds. */
  readonly voiceSeconds?: number;
  /** Where it stands now. */
  readonly state: TransferState;
  /** The latest progress; {@link progressEvents} says when it changes. */
  readonly progress: TransferProgress;
  /** Each change of progress, at most ten a second, ending with the transfer. May be iterated more than once. */
  progressEvents(): AsyncIterable<TransferProgress>;
  /** Ends the transfer; the other side is told (in an Arthas room only by a sender). Nothing happens if it is over. */
  cancel(): void;
}

/** A file we send. */
export interface OutgoingTransfer extends Transfer {
  readonly direction: 'out';
  /**
   * Resolves once every receiver has the file, has declined, left or failed, and at least one has it.
   *
   * @throws `TRANSFER_DECLINED`, `TRANSFER_CANCELLED`, `TRANSFER_STALLED`, `MEMBER_LEFT`, `SOURCE_CHANGED`, `SOURCE_FAILED`; in an
   * Arthas room also `TOO_LARGE` when a source of unknown size turns out to be, and `CONNECT_FAILED`, since its transfers do not survive a lost
   * connection.
   */
  readonly done: Promise<void>;
}

/** A file we receive. */
export interface IncomingTransfer extends Transfer {
  readonly direction: 'in';
  readonly from: Member;
  /**
   * Resolves once every byte is verified and the sink is closed.
   *
   * @throws `TRANSFER_CANCELLED`, `DECRYPT_FAILED`, `TRUNCATED`, `MEMBER_LEFT`, `SINK_FAILED`, `SINK_TOO_LARGE`; in an Arthas room also
   * `CONNECT_FAILED`, when the connection was lost on the way, and `TRANSFER_STALLED`, when nothing came for a minute.
   */
  readonly done: Promise<ReceivedFile>;
}

/** The result of a received file. */
export interface ReceivedFile {
  readonly kind: FileSink['kind'];
  /** In bytes. */
  readonly size: number;
  /** The file, for the sinks that hold it (`opfs`, `blob`): show it, or save it with `saveFile`. */
  readonly file?: File | Blob;
}

/** What can be sent as a file; a string is a path (Node only). What can be read at any place (not a stream) resumes after a lost connection and serves receivers that accept late. */
export type FileSource = Blob | RandomAccessSource | StreamSource | string;

/** Options of `room.sendFile`. */
export interface SendFileOptions {
  /** Default: the name of a `File`, the last part of a path, else `'file'`. */
  readonly name?: string;
  /** Default: the type of a `Blob`, else `application/octet-stream`. */
  readonly mime?: string;
  /** In bytes, if the source does not know it. A source that ends elsewhere fails with `SOURCE_FAILED`. */
  readonly size?: number;
  /** Ids of the receivers. Default: everybody in the room now. Native rooms only: `UNSUPPORTED` in Arthas rooms. */
  readonly to?: readonly string[];
  /** Marks the file as a voice message of this many seconds, 1 to 3,600. */
  readonly voiceSeconds?: number;
  /** Cancels the transfer. */
  readonly signal?: AbortSignal;
}
